"""A program file with all that tells its names: its own tables, its separate debug file, its debug information.

Files are as they are on disk now. Each is opened once and kept while it stays the same file; of one that was replaced,
removed or is another than the build id says, nothing is told.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from outlive.errors import OutliveError
from outlive.symbols.debug_files import alternative_file, debug_file, small_table
from outlive.symbols.dwarf.information import DebugInformation
from outlive.symbols.elf import ElfFile, open_elf
from outlive.symbols.functions import Symbols, functions_of
from outlive.symbols.vdso import VDSO, vdso

_DELETED = " (deleted)"  # how the kernel writes the path of a file that was removed or replaced


@dataclass(frozen=True, eq=False)
class ModuleFile:
    """`information` is None where nothing says lines and inlined functions."""

    build_id: str
    symbols: Symbols
    information: DebugInformation | None


def module_file(path: str, build_id: str = "") -> ModuleFile:
    """Raises NotElf, OSError; FileNotFoundError too for a file that is another than `build_id` says."""
    path = path.removesuffix(_DELETED) if build_id else path
    found = _on_disk(path)
    if found is not None and (not build_id or found.build_id == build_id):
        return found
    alone = _by_build_id(build_id) if build_id else None
    if alone is None:
        raise FileNotFoundError(f"{path} is not there, or not the file that ran")
    return alone


def symbols_of(path: str) -> Symbols:
    """The functions of the file at `path`, with those that its debug file names. Raises NotElf, OSError."""
    return module_file(path).symbols


def _on_disk(path: str) -> ModuleFile | None:
    """None where there is no such file."""
    if path == VDSO:
        return _vdso()
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return _read(path, (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=64)
def _read(path: str, state: tuple[int, ...]) -> ModuleFile:
    """`state` changes when the file does."""
    file = open_elf(path)
    return _module(file, debug_file(path, file, file.build_id()))


@lru_cache(maxsize=16)
def _by_build_id(build_id: str) -> ModuleFile | None:
    """From the debug file alone: the program file is gone or replaced, as after an upgrade."""
    debug = debug_file("", None, build_id)
    return _module(debug, None) if debug is not None else None


@lru_cache(maxsize=1)
def _vdso() -> ModuleFile | None:
    file = vdso()
    return _module(file, None) if file is not None else None


def _module(file: ElfFile, debug: ElfFile | None) -> ModuleFile:
    more = [one for one in (debug, small_table(file)) if one is not None]
    informed = next((one for one in (file, *more) if one.has(".debug_info")), None)
    try:
        symbols = functions_of(file, *more)
    except OutliveError:
        if not more:
            raise
        symbols = functions_of(file)
    if informed is None:
        return ModuleFile(file.build_id(), symbols, None)
    return ModuleFile(file.build_id(), symbols, DebugInformation(informed, alternative_file(informed)))
