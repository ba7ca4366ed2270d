"""The one question that is asked of debug information: what stands at this address?"""

from __future__ import annotations

from dataclasses import dataclass

from outlive.symbols.dwarf.cursor import BadDwarf, Patience
from outlive.symbols.dwarf.functions import Functions, Inlined, name_of
from outlive.symbols.dwarf.lines import Lines
from outlive.symbols.dwarf.units import Unit, Units
from outlive.symbols.elf import ElfFile, NotElf

_SECONDS = 5.0
_MOST_KEPT_BYTES = 1 << 28


@dataclass(frozen=True)
class Standing:
    """A function at an address: its name as the linker or the source has it, and the place in it."""

    name: str
    file: str
    line: int
    start: int


class DebugInformation:
    """Of one file. Units that were read are kept, as long as they are not too many."""

    def __init__(self, file: ElfFile, alternative: ElfFile | None = None) -> None:
        """`alternative` has what several files share."""
        self._file = file
        self._units = Units(file, Units(alternative) if alternative is not None else None)
        self._functions: dict[int, Functions] = {}
        self._lines: dict[int, Lines | None] = {}
        self._refused: set[int] = set()
        self._is_hopeless = False
        self._kept_bytes = 0

    def at(self, address: int) -> tuple[Standing, ...]:
        """The innermost function first; one without a name where only the line is known; empty where nothing is."""
        if self._is_hopeless:
            return ()
        patience = Patience(_SECONDS)
        try:
            self._file.part(".debug_info", 0, 1)  # unpacked before the clock starts, if it is packed
            claiming = self._units.having(address, patience)
        except (BadDwarf, NotElf, IndexError):
            self._is_hopeless = True
            return ()
        only_line: tuple[Standing, ...] = ()
        for offset in claiming:
            try:
                found = self._within(self._units.unit(offset), address, patience)
            except (BadDwarf, NotElf, IndexError):
                continue
            if found and found[0].name:
                return found
            only_line = only_line or found
        return only_line

    def _within(self, unit: Unit, address: int, patience: Patience) -> tuple[Standing, ...]:
        lines = self._lines_of(unit)
        file, line = (lines.at(address) if lines else None) or (-1, 0)
        path = lines.files.path(file) if lines and line else ""
        chain = self._chain(unit, address, patience)
        found = []
        for one in reversed(chain):
            start = one.ranges[0][0] if one.ranges else 0
            found.append(Standing(name_of(self._units, one, patience), path, line if path else 0, start))
            file, line = one.called_at
            path = lines.files.path(file) if lines and line else ""
        if not found and path:
            return (Standing("", path, line, 0),)
        return tuple(found)

    def _chain(self, unit: Unit, address: int, patience: Patience) -> list[Inlined]:
        """Of a unit whose functions cannot be read the lines still can."""
        if unit.offset in self._refused:
            return []
        try:
            return self._functions_of(unit).chain(address, patience)
        except (BadDwarf, NotElf, IndexError):
            self._refused.add(unit.offset)
            return []

    def _functions_of(self, unit: Unit) -> Functions:
        if unit.offset not in self._functions:
            self._kept_bytes += unit.end - unit.offset
            if self._kept_bytes > _MOST_KEPT_BYTES:
                self._forget()
                self._kept_bytes = unit.end - unit.offset
            self._functions[unit.offset] = Functions(unit)
        return self._functions[unit.offset]

    def _lines_of(self, unit: Unit) -> Lines | None:
        if unit.offset not in self._lines:
            try:
                self._lines[unit.offset] = Lines(unit)
            except (BadDwarf, NotElf, IndexError):
                self._lines[unit.offset] = None
        return self._lines[unit.offset]

    def _forget(self) -> None:
        """All that was read, but for the index."""
        self._functions.clear()
        self._lines.clear()
        self._units.forget()
