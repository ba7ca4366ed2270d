"""Which code is whose, as data: your modules and folders, installed distributions, the standard library.

Read from the watched program's environment by `capture/packages.py`; asked by `explain/packages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Distribution:
    """An installed distribution. `name` as its metadata writes it."""

    name: str
    version: str = ""


@dataclass(frozen=True)
class Packages:
    """Module names are import names; folders are absolute, without a slash at the end.

    `own_modules` are names or prefixes ("app", "app.web"); `own_folders` hold your files. `distributions` is by the
    first part of the import name, `library_folders` are where distributions lie (site-packages). `python` is the
    interpreter's version.
    """

    own_modules: frozenset[str] = frozenset()
    own_folders: tuple[str, ...] = ()
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    library_folders: tuple[str, ...] = ()
    stdlib_modules: frozenset[str] = frozenset()
    stdlib_folders: tuple[str, ...] = ()
    python: str = ""

    @property
    def versions(self) -> dict[str, str]:
        """Versions by distribution."""
        return {one.name: one.version for one in self.distributions.values()}
