"""From a place in a loaded module to the function that a person would look for, with files as they are on disk now."""

from __future__ import annotations

from outlive.errors import OutliveError
from outlive.model.explanation import NativeFrame
from outlive.symbols.elf import symbols_of
from outlive.symbols.names import readable


def place(module: str, address: int, exported: str = "", past: int = 0) -> NativeFrame:
    """`address` is as the module's file counts; `exported` is what the loader knew, for a file that cannot be read."""
    try:
        found = symbols_of(module).at(address) if module else None
    except (OutliveError, OSError):
        found = None
    if found is not None:
        return NativeFrame(module, address, readable(found.name), found.within)
    return NativeFrame(module, address, readable(exported), False)
