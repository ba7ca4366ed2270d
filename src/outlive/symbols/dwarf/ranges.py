"""Which addresses belong to a record of a unit, and which of many records an address belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from outlive.symbols.dwarf.cursor import BadDwarf, sized, unsigned, whole
from outlive.symbols.dwarf.numbers import ADDR, ADDRXS, HIGH_PC, LOW_PC, RANGES, RNGLISTX

if TYPE_CHECKING:
    from outlive.symbols.dwarf.abbreviations import Value
    from outlive.symbols.dwarf.units import Unit

Range = tuple[int, int]
# A list says where it ends, not how long it is: so we read so much of it, and more where that was not enough.
_WINDOWS = (512, 1 << 15, 1 << 21)
_HIGHEST = (1 << 64) - 1
_MOST_TRIED = 64


class Spans:
    """Ranges with a number each, any of which may overlap; those that hold an address are found in logarithmic time."""

    def __init__(self, rows: npt.NDArray[np.uint64]) -> None:
        """`rows` are start, end (not in it), number."""
        rows = rows[(rows[:, 0] != 0) & (rows[:, 1] > rows[:, 0])]  # what the linker threw away lies at 0
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        self._starts, self._ends, self._numbers = rows[:, 0], rows[:, 1], rows[:, 2]
        self._last_end = np.maximum.accumulate(self._ends) if len(rows) else self._ends

    def at(self, address: int) -> list[int]:
        """Numbers of those that hold the address, the last to begin first."""
        found: dict[int, None] = {}
        index = int(np.searchsorted(self._starts, np.uint64(address), side="right")) - 1
        for at in range(index, max(-1, index - _MOST_TRIED), -1):
            if int(self._last_end[at]) <= address:
                break
            if int(self._ends[at]) > address:
                found[int(self._numbers[at])] = None
        return list(found)


def spans(rows: list[tuple[int, int, int]]) -> Spans:
    return Spans(np.array(rows, dtype=np.uint64).reshape(-1, 3))


def ranges_of(unit: Unit, found: dict[int, Value]) -> list[Range]:
    """Of a record with these attributes."""
    if RANGES in found:
        form, number = found[RANGES]
        return _listed(unit, form, number)
    if LOW_PC not in found or HIGH_PC not in found:
        return []
    low = address_of(unit, found[LOW_PC])
    form, high = found[HIGH_PC]
    end = address_of(unit, (form, high)) if form == ADDR or form in ADDRXS else low + high
    return [(low, end)] if 0 < low < end <= _HIGHEST else []


def address_of(unit: Unit, value: Value) -> int:
    form, number = value
    if form == ADDR:
        return number
    if form in ADDRXS:
        return unit.address_by_number(number)
    raise BadDwarf("an address in it is none")


def _listed(unit: Unit, form: int, number: int) -> list[Range]:
    new = unit.version >= 5
    section = ".debug_rnglists" if new else ".debug_ranges"
    offset = number
    if form == RNGLISTX:
        size = unit.offset_size
        at = unit.rnglists_base + number * size
        offset = unit.rnglists_base + sized(unit.file.part(section, at, size), 0, size)
    for window in _WINDOWS:
        data = unit.file.part(section, offset, window)
        try:
            rows = _new_list(unit, data) if new else _old_list(unit, data)
            return [(low, end) for low, end in rows if 0 < low < end <= _HIGHEST]
        except BadDwarf:
            if len(data) < window:
                raise
    raise BadDwarf("a list in it is longer than is read")


def _old_list(unit: Unit, data: bytes) -> list[Range]:
    base = unit.base
    found: list[Range] = []
    for at in range(0, len(data) - 15, 16):
        low, end = whole("<Q", data, at), whole("<Q", data, at + 8)
        if not low and not end:
            return found
        if low == _HIGHEST:
            base = end
        else:
            found.append((low + base, end + base))
    raise BadDwarf("a list in it has no end")


def _new_list(unit: Unit, data: bytes) -> list[Range]:
    base, at = unit.base, 0
    found: list[Range] = []
    while at < len(data):
        kind = data[at]
        at += 1
        if kind == 0:
            return found
        if kind in (5, 6, 7):
            first, at = whole("<Q", data, at), at + 8
        elif kind in (1, 2, 3, 4):
            first, at = unsigned(data, at)
        else:
            raise BadDwarf("a list in it has an entry that is not known")
        if kind in (1, 2, 3):
            first = unit.address_by_number(first)
        if kind in (1, 5):
            base = first
            continue
        second, at = (whole("<Q", data, at), at + 8) if kind == 6 else unsigned(data, at)
        if kind == 2:
            second = unit.address_by_number(second)
        if kind == 4:
            found.append((base + first, base + second))
        else:
            found.append((first, second if kind in (2, 6) else first + second))
    raise BadDwarf("a list in it has no end")
