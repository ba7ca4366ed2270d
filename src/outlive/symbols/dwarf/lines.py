"""The table of lines of one unit: which line of which file an address was compiled from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from outlive.symbols.dwarf.cursor import BadDwarf, sized, whole
from outlive.symbols.dwarf.files import FileTable, read_new_tables, read_old_tables
from outlive.symbols.dwarf.program import Flags, Header, Numbers, pieces_of, rows_of
from outlive.symbols.dwarf.ranges import spans

if TYPE_CHECKING:
    from outlive.symbols.dwarf.units import Unit

_LARGEST = 1 << 28
_MOST_TRIED = 4


class Lines:
    """Rows by address. Empty for a unit without a table.

    Where each function has a sequence of its own, only those that are asked for are decoded.
    """

    def __init__(self, unit: Unit) -> None:
        self.files = FileTable(unit, (), ())
        self._header: Header | None = None
        self._pieces: list[tuple[int, int, int]] = []
        if unit.lines_at >= 0:
            self._header, self.files = _header(unit)
            self._pieces = pieces_of(self._header.program)
        self._starts = [start for start, _, _ in self._pieces]
        self._sequences: dict[tuple[int, int], _Sequences] = {}

    def at(self, address: int) -> tuple[int, int] | None:
        """The number of the file and the line; None where the table says nothing, line 0 where it says of no line."""
        if self._header is None:
            return None
        last = bisect_right(self._starts, address)
        for _, begin, end in reversed(self._pieces[max(0, last - _MOST_TRIED) : last]):
            piece = self._decoded(begin, end)
            if not piece.is_whole:
                break
            if found := piece.at(address):
                return found
        # The rare rest: sequences that move on to another address, and programs that were not cut rightly.
        return self._decoded(0, len(self._header.program)).at(address)

    def _decoded(self, begin: int, end: int) -> _Sequences:
        if (begin, end) not in self._sequences:
            assert self._header is not None
            self._sequences[begin, end] = _Sequences(*rows_of(self._header, begin, end))
        return self._sequences[begin, end]


class _Sequences:
    """Decoded rows, by sequence. `is_whole`: they are one sequence, and end with it."""

    def __init__(self, addresses: Numbers, lines: Numbers, files: Numbers, is_end: Flags) -> None:
        self._addresses, self._lines, self._files = addresses, lines, files
        self._ends: list[int] = np.flatnonzero(is_end).tolist()
        self.is_whole = self._ends == [len(addresses) - 1]
        self._spans = spans(list(self._sequences()))

    def at(self, address: int) -> tuple[int, int] | None:
        for number in self._spans.at(address):
            first = self._ends[number - 1] + 1 if number else 0
            part = self._addresses[first : self._ends[number]]
            at = first + int(np.searchsorted(part, address, side="right")) - 1
            if at >= first:
                return int(self._files[at]), int(self._lines[at])
        return None

    def _sequences(self) -> Iterator[tuple[int, int, int]]:
        first = 0
        for number, end in enumerate(self._ends):
            part = self._addresses[first : end + 1]
            # Rows that fall belong to no honest table, and cannot be searched in.
            if len(part) > 1 and part[0] > 0 and bool(np.all(part[1:] >= part[:-1])):
                yield int(part[0]), int(part[-1]), number
            first = end + 1


def _header(unit: Unit) -> tuple[Header, FileTable]:
    file, start = unit.file, unit.lines_at
    head = file.part(".debug_line", start, 12)
    size, at = (8, 12) if head[:4] == b"\xff\xff\xff\xff" else (4, 4)
    length = sized(head, at - size, size)
    if length > _LARGEST or start + at + length > file.length(".debug_line"):
        raise BadDwarf("its table of lines is not what it should be")
    data = file.part(".debug_line", start + at, length)
    version, at = whole("<H", data, 0), 2
    if not 2 <= version <= 5:
        raise BadDwarf("its table of lines is of a version that is not known")
    at += 2 if version >= 5 else 0
    program_at = at + size + sized(data, at, size)
    at += size
    shortest, at = sized(data, at, 1), at + 1
    at += 1 if version >= 4 else 0  # operations in an instruction: other than 1 on machines that are not read here
    line_base, line_range = whole("<b", data, at + 1), sized(data, at + 2, 1)
    opcode_base, at = sized(data, at + 3, 1), at + 4
    lengths = tuple(data[at : at + opcode_base - 1])
    at += opcode_base - 1
    if not line_range or not opcode_base or program_at > len(data):
        raise BadDwarf("its table of lines is not what it should be")
    read = read_new_tables if version >= 5 else read_old_tables
    files = read(unit, data[:program_at], at, size)
    return Header(shortest, line_base, line_range, opcode_base, lengths, data[program_at:]), files
