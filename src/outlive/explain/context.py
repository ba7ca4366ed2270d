"""What is known beside the heap when something is explained: age, sites, whose code is whose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from outlive.model.explanation import Site
from outlive.model.packages import Packages


def _unknown(node: int) -> None:
    """The answer where nobody stamped objects."""


def _nothing(node: int) -> int:
    """The answer where no earlier snapshot is at hand."""
    return 0


@dataclass(frozen=True)
class Context:
    """`is_new`: made by a step that has ended (True), older than the steps looked at (False), not known (None).

    `outlived` says that the objects asked about are known to be alive too long; False for a question about any object.
    `grew` says how many more references a container holds than in an earlier snapshot, 0 where that is not known.
    `counters` names what the finding counted ("objects", "threads"), for the catalogue;
    `problem` is the slug of what is wrong with something that has outlived its end, for the catalogue, too.
    """

    packages: Packages = field(default_factory=Packages)
    is_new: Callable[[int], bool | None] = _unknown
    step_of: Callable[[int], int | None] = _unknown
    site_of: Callable[[int], Site | None] = _unknown
    own_modules: frozenset[str] = frozenset()
    grew: Callable[[int], int] = _nothing
    outlived: bool = True
    kind: str = "python-object"
    counters: frozenset[str] = frozenset()
    problem: str = ""
