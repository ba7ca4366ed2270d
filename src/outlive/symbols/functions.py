"""The functions of ELF files, by where they begin: symbol tables.

A stripped file still names what it exports; a place between two of those belongs to a function without a name. So
each answer says whether the place lies within the function, or only behind its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outlive.symbols.elf import DYNSYM, SYMTAB, ElfFile, NotElf
from outlive.symbols.stubs import stubs_of

_FUNCTION, _INDIRECT = 2, 10
_LOCAL = 0
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
_LONGEST_NAME = 1 << 16
_MOST_ALIASES = 64


@dataclass(frozen=True)
class Symbol:
    """`past` bytes behind the beginning of `name`; `within`: the table says that the function reaches as far."""

    name: str
    past: int
    within: bool


class Symbols:
    """Functions of one program file, from all its tables. Empty for a file without any name."""

    def __init__(self, rows: list[tuple[npt.NDArray[np.void], bytes]], stubs: dict[int, tuple[str, int]]) -> None:
        """`rows` are tables with their texts; `stubs` are (name, size) by address."""
        none = np.zeros(0, np.uint64)
        extra = b"\0".join(name.encode("utf-8", "replace") for name, _ in stubs.values()) + b"\0"
        lengths = [len(name.encode("utf-8", "replace")) + 1 for name, _ in stubs.values()]
        own = np.zeros(len(stubs), _SYMBOL)
        own["value"], own["size"] = list(stubs), [size for _, size in stubs.values()]
        own["name"] = np.cumsum([0, *lengths])[:-1]
        tables = [*rows, (own, extra)]
        starts = np.concatenate([none, *(one["value"] for one, _ in tables)])
        order = np.argsort(starts, kind="stable")
        self._starts = starts[order]
        self._sizes = np.concatenate([none, *(one["size"] for one, _ in tables)])[order]
        self._texts = [texts for _, texts in tables]
        self._text_of = np.concatenate([np.full(len(one), at, np.int32) for at, (one, _) in enumerate(tables)])[order]
        self._name_at = np.concatenate([one["name"] for one, _ in tables])[order]
        self._is_local = np.concatenate([one["info"] >> 4 == _LOCAL for one, _ in tables])[order]

    def __len__(self) -> int:
        return len(self._starts)

    def at(self, address: int) -> Symbol | None:
        """What lies at this address, as the file counts addresses; None before the first function."""
        if not 0 <= address < 1 << 64:
            return None
        index = int(np.searchsorted(self._starts, np.uint64(address), side="right")) - 1
        if index < 0:
            return None
        start = self._starts[index]
        first = max(int(np.searchsorted(self._starts, start, side="left")), index - _MOST_ALIASES)
        size = int(self._sizes[first : index + 1].max())
        names = [self._name(at) for at in range(first, index + 1) if int(self._sizes[at]) == size]
        past = address - int(start)
        return Symbol(min(dict.fromkeys(names), key=_strangeness), past, past < size)

    def public_name(self, start: int) -> str:
        """What other files call the function that begins there: without a leading underscore if it has such a name."""
        first = int(np.searchsorted(self._starts, np.uint64(start), side="left"))
        last = int(np.searchsorted(self._starts, np.uint64(start), side="right"))
        choice = [self._name(at) for at in range(first, min(last, first + _MOST_ALIASES)) if not self._is_local[at]]
        return min((name for name in choice if not name.startswith("_")), key=_strangeness, default="")

    def _name(self, at: int) -> str:
        texts, begin = self._texts[int(self._text_of[at])], int(self._name_at[at])
        end = texts.find(b"\0", begin, begin + _LONGEST_NAME)
        return texts[begin : end if end >= 0 else begin + _LONGEST_NAME].decode("utf-8", "replace")


def functions_of(*files: ElfFile) -> Symbols:
    """Of a program file and of those that tell more about it. Raises NotElf."""
    rows = []
    for file in files:
        for table in (one for one in file.sections if one.kind in (SYMTAB, DYNSYM)):
            if table.link >= len(file.sections):
                raise NotElf("a section is named that it does not have")
            data = file.bytes_of(table)
            if data:
                whole = np.frombuffer(data, _SYMBOL, len(data) // _SYMBOL.itemsize)
                kinds = whole["info"] & 0xF
                chosen = whole[((kinds == _FUNCTION) | (kinds == _INDIRECT)) & (whole["section"] != 0)]
                rows.append((chosen, file.bytes_of(file.sections[table.link])))
    return Symbols(rows, stubs_of(files[0]))


def _strangeness(name: str) -> tuple[bool, int, str]:
    """Of several names for one function the one that people write: no underscore before it, and short."""
    return name.startswith("_") and not name.startswith(("_Z", "_R")), len(name), name
