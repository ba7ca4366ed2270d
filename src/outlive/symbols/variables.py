"""The variable that lies at an address of an ELF file's data, by its symbol tables; "" where none is named.

Only what a table says to reach as far: a static variable of a stripped file has no name, and the nearest exported one
would be another's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from outlive.errors import OutliveError
from outlive.symbols.elf import DYNSYM, SYMTAB, ElfFile, open_elf, text_at
from outlive.symbols.names import readable

_OBJECT = 1
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)

Table = tuple[npt.NDArray[np.void], bytes]


def variable(module: str, address: int) -> str:
    """`address` is as the module's file counts. "" also for a file that cannot be read."""
    try:
        tables = _tables(module) if module and 0 <= address < 1 << 64 else ()
    except (OutliveError, OSError):
        return ""
    for rows, texts in tables:
        at = np.uint64(address)
        here = np.flatnonzero((rows["value"] <= at) & (at - rows["value"] < rows["size"]))
        if len(here):
            smallest = min(here.tolist(), key=lambda row: int(rows["size"][row]))
            return readable(text_at(texts, int(rows["name"][smallest])))
    return ""


@lru_cache(maxsize=16)
def _tables(module: str) -> tuple[Table, ...]:
    """Of variables, the fuller table first."""
    file = open_elf(module)
    found = [_table(file, kind) for kind in (SYMTAB, DYNSYM)]
    return tuple(one for one in found if one is not None)


def _table(file: ElfFile, kind: int) -> Table | None:
    for one in file.sections:
        if one.kind == kind and one.link < len(file.sections):
            data = file.bytes_of(one)
            rows = np.frombuffer(data, _SYMBOL, len(data) // _SYMBOL.itemsize)
            chosen = rows[((rows["info"] & 0xF) == _OBJECT) & (rows["section"] != 0)]
            return chosen, file.bytes_of(file.sections[one.link])
    return None
