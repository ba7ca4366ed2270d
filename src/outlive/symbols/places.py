"""From a place in a loaded module to the functions that a person would look for, with files as they are on disk now."""

from __future__ import annotations

from functools import lru_cache

from outlive.errors import OutliveError
from outlive.model.explanation import NativeFrame
from outlive.symbols.dwarf.information import Standing
from outlive.symbols.functions import Symbol
from outlive.symbols.modules import ModuleFile, module_file
from outlive.symbols.names import readable


def place(module: str, address: int, exported: str = "", past: int = 0) -> NativeFrame:
    """The function at `address`, which is as the module's file counts; `exported` is what the loader knew of it, for a
    file that cannot be read.
    """
    file = _file(module)
    found = file.symbols.at(address) if file is not None else None
    if found is not None:
        return NativeFrame(module, address, readable(found.name), found.within)
    return NativeFrame(module, address, readable(exported), False)


def frames(module: str, offset: int, build_id: str = "", *, is_call: bool = True) -> tuple[NativeFrame, ...]:
    """What stands at a place: the innermost function that was inlined there first, the real function last. Never empty.

    `offset` is as the module's file counts addresses (what was seen, less what the loader added). `is_call`: it is
    where a call returns to, so that what is asked for is the instruction before it. A file that is another than
    `build_id` says tells nothing: one frame without a function.
    """
    file = _file(module, build_id)
    if file is None or offset < 0:
        return (NativeFrame(module, offset, "", False),)
    return _frames(file, module, offset, is_call)


@lru_cache(maxsize=1 << 14)
def _frames(file: ModuleFile, module: str, offset: int, is_call: bool) -> tuple[NativeFrame, ...]:
    address = offset - 1 if is_call and offset else offset
    symbol = file.symbols.at(address)
    standing = file.information.at(address) if file.information is not None else ()
    if not standing:
        return (_by_symbol(module, offset, symbol),)
    *inner, outermost = standing
    rows = [NativeFrame(module, offset, readable(one.name), bool(one.name), one.file, one.line, True) for one in inner]
    return (*rows, _real(file, module, offset, outermost, symbol))


def _real(file: ModuleFile, module: str, offset: int, one: Standing, symbol: Symbol | None) -> NativeFrame:
    """A name that only the library itself uses gives way to the one that it exports; no name, to the symbol's."""
    if not one.name:
        named = _by_symbol(module, offset, symbol)
        return NativeFrame(module, offset, named.function, named.certain, one.file, one.line)
    name = one.name
    if name.startswith("_") and not name.startswith(("_Z", "_R")):
        name = file.symbols.public_name(one.start) or name
    return NativeFrame(module, offset, readable(name), True, one.file, one.line)


def _by_symbol(module: str, offset: int, symbol: Symbol | None) -> NativeFrame:
    if symbol is None:
        return NativeFrame(module, offset, "", False)
    return NativeFrame(module, offset, readable(symbol.name), symbol.within)


def _file(module: str, build_id: str = "") -> ModuleFile | None:
    if not module:
        return None
    try:
        return module_file(module, build_id)
    except (OutliveError, OSError, ValueError):
        return None
