"""Reads which code is whose from an environment: its import path, its installed metadata, its loaded modules.

Touches the file system: file names and metadata of installed distributions, nothing of what is in the code. Imports
nothing of the watched program. A distribution whose metadata cannot be read is left out, never a reason to fail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution as Metadata
from importlib.metadata import distributions
from pathlib import Path

from outlive.model.packages import Distribution, Packages

_LIBRARY_FOLDERS = ("site-packages", "dist-packages")
_CODE_ENDINGS = (".py", ".so", ".pyd")


def read_packages(
    sys_path: Sequence[str],
    *,
    own_folders: Sequence[str] = (),
    own_modules: Iterable[str] = (),
    stdlib_modules: Iterable[str] = sys.stdlib_module_names,
    python: str = "",
) -> Packages:
    """Whose is whose in a process that imports from `sys_path`.

    `own_folders` are yours beside the folders of `sys_path` that are neither libraries' nor the standard library's.
    `python` is its interpreter's version as "3.12.1"; the standard library is told by the folder that holds `os.py`.
    """
    folders = [_absolute(folder) for folder in sys_path if folder]
    libraries = [folder for folder in folders if Path(folder).name in _LIBRARY_FOLDERS]
    stdlib = [folder for folder in folders if folder not in libraries and _is_stdlib(Path(folder))]
    rest = [one for one in folders if one not in libraries and one not in stdlib and not one.endswith(".zip")]
    return Packages(
        own_modules=frozenset(own_modules),
        own_folders=tuple(dict.fromkeys([*map(_absolute, own_folders), *rest])),
        distributions=_distributions(libraries),
        library_folders=tuple(dict.fromkeys(libraries)),
        stdlib_modules=frozenset(stdlib_modules),
        stdlib_folders=tuple(dict.fromkeys(stdlib)),
        python=python,
    )


def own_modules_of(files: Mapping[str, str], packages: Packages) -> frozenset[str]:
    """First names of the loaded modules (name → file) that lie in your folders and in no library's."""
    foreign = (*packages.library_folders, *packages.stdlib_folders)
    return frozenset(
        name.partition(".")[0]
        for name, file in files.items()
        if _is_below(file, packages.own_folders) and not _is_below(file, foreign)
    )


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


def _is_stdlib(folder: Path) -> bool:
    return (folder / "os.py").exists() or folder.name == "lib-dynload"


def _is_below(file: str, folders: Iterable[str]) -> bool:
    return any(file.startswith(folder + "/") for folder in folders)


def _distributions(folders: Sequence[str]) -> dict[str, Distribution]:
    """By first import name. Where two provide one name (namespace packages), the first on the path is named."""
    found: dict[str, Distribution] = {}
    for metadata in distributions(path=list(folders)):
        try:
            distribution = Distribution(metadata.metadata["Name"], metadata.version)
            names = _import_names(metadata)
        except Exception:  # damaged metadata may raise anything; the others still count
            continue
        for name in names:
            found.setdefault(name, distribution)
    return found


def _import_names(metadata: Metadata) -> set[str]:
    """From `top_level.txt`, a few bytes, where there is one; else from the list of installed files."""
    declared = metadata.read_text("top_level.txt")
    if declared and declared.strip():
        return {line.strip().partition("/")[0] for line in declared.splitlines() if line.strip()}
    return {_first_name(line) for line in (metadata.read_text("RECORD") or "").splitlines()} - {""}


def _first_name(line: str) -> str:
    """The import name that a row of RECORD shows; "" for metadata, scripts and data.

    >>> _first_name("numpy/__init__.py,sha256=x,1"), _first_name("six.py,sha256=x,1"), _first_name("../../bin/f,,")
    ('numpy', 'six', '')
    """
    file = line.partition(",")[0]
    first, slash, _ = file.partition("/")
    if first in ("", "..", "__pycache__") or first.endswith((".dist-info", ".data", ".libs")):
        return ""
    if slash:
        return first
    return first.partition(".")[0] if first.endswith(_CODE_ENDINGS) else ""
