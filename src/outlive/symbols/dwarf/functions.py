"""The functions of one unit, and what was inlined where within one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from outlive.symbols.dwarf.cursor import BadDwarf, Patience, unsigned
from outlive.symbols.dwarf.numbers import (
    ABSTRACT_ORIGIN,
    CALL_FILE,
    CALL_LINE,
    INLINED,
    LINKAGE_NAME,
    NAME,
    OLD_LINKAGE_NAME,
    REFS_IN_ALTERNATIVE,
    REFS_IN_FILE,
    REFS_IN_UNIT,
    SPECIFICATION,
    SUBPROGRAM,
)
from outlive.symbols.dwarf.ranges import Range, Spans, ranges_of, spans

if TYPE_CHECKING:
    from outlive.symbols.dwarf.abbreviations import Layout, Value
    from outlive.symbols.dwarf.units import Unit, Units

_MOST_HOPS = 16
_BETWEEN_CHECKS = 1 << 16  # bytes


@dataclass
class Inlined:
    """A function within a function, or the outermost one itself. `found` are its record's attributes."""

    unit: Unit
    at: int
    found: dict[int, Value]
    within: list[Inlined] = field(default_factory=list)

    @cached_property
    def ranges(self) -> list[Range]:
        return ranges_of(self.unit, self.found)

    @property
    def called_at(self) -> tuple[int, int]:
        """The number of the file and the line of the call that was inlined."""
        return self.found.get(CALL_FILE, (0, 0))[1], self.found.get(CALL_LINE, (0, 0))[1]

    def covers(self, address: int) -> bool:
        return any(low <= address < end for low, end in self.ranges)


class Functions:
    """Of one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._spans: dict[bool, Spans] = {}
        self._trees: dict[int, Inlined] = {}

    def chain(self, address: int, patience: Patience) -> list[Inlined]:
        """The function at the address, then what was inlined there, the innermost last; empty where none is known."""
        for deep in (False, True):  # functions within functions, which gcc's C and Fortran have, are looked for last
            for at in self._all(deep, patience).at(address):
                found = [self._tree(at, patience)]
                while inner := next((one for one in found[-1].within if one.covers(address)), None):
                    found.append(inner)
                return found
        return []

    def _all(self, deep: bool, patience: Patience) -> Spans:
        if deep not in self._spans:
            unit = self._unit
            rows: list[tuple[int, int, int]] = []
            for begin, at, layout in self._records(deep, patience):
                try:
                    found, _ = layout.read(unit.data, at, unit.offset_size)
                    rows += [(low, end, begin) for low, end in ranges_of(unit, found)]
                except BadDwarf:
                    continue
            self._spans[deep] = spans(rows)
        return self._spans[deep]

    def _records(self, deep: bool, patience: Patience) -> list[tuple[int, int, Layout]]:
        """Of all functions that have code: where they begin, where their attributes do, their layout.

        What a record says to be its sibling is where we go on, unless `deep`.
        """
        unit = self._unit
        data, at, size, layouts, known = unit.data, unit.children, unit.offset_size, unit.layouts, unit.layouts.known
        end, next_check, found, from_bytes = len(data), at + _BETWEEN_CHECKS, [], int.from_bytes
        while at < end:
            if at > next_check:
                patience.check()
                next_check = at + _BETWEEN_CHECKS
            begin, code = at, data[at]
            at += 1
            if not code:
                continue
            if code >= 0x80:
                code, at = unsigned(data, begin)
            layout = known.get(code) or layouts[code]
            if layout.is_code:
                found.append((begin, at, layout))
            if layout.to_sibling is not None and not deep:
                jump = at + layout.jump
                target = from_bytes(data[jump : jump + 4], "little") if jump >= at else layout.sibling(data, at, size)
                if target > at:
                    at = target
                    continue
            at = at + layout.fixed if layout.fixed >= 0 else layout.skip(data, at, size)
        return found

    def _tree(self, at: int, patience: Patience) -> Inlined:
        if at not in self._trees:
            self._trees[at] = self._read_tree(at, patience)
        return self._trees[at]

    def _read_tree(self, begin: int, patience: Patience) -> Inlined:
        """A walk through all below this function; blocks and the like add nothing but what is in them."""
        unit = self._unit
        data, size, layouts = unit.data, unit.offset_size, unit.layouts
        code, at = unsigned(data, begin)
        found, at = layouts[code].read(data, at, size)
        top = Inlined(unit, begin, found)
        open_ones: list[Inlined] = [top] if layouts[code].has_children else []
        known, end, next_check = layouts.known, len(data), at + _BETWEEN_CHECKS
        while open_ones and at < end:
            if at > next_check:
                patience.check()
                next_check = at + _BETWEEN_CHECKS
            begin, code = at, data[at]
            at += 1
            if not code:
                open_ones.pop()
                continue
            if code >= 0x80:
                code, at = unsigned(data, begin)
            layout, holder = known.get(code) or layouts[code], open_ones[-1]
            if layout.tag == INLINED:
                found, at = layout.read(data, at, size)
                inner = Inlined(unit, begin, found)
                holder.within.append(inner)
                holder = inner
            elif layout.tag == SUBPROGRAM:
                at = layout.skip(data, at, size)
                holder = Inlined(unit, begin, {})  # its own function: what is in it goes nowhere
            else:
                at = at + layout.fixed if layout.fixed >= 0 else layout.skip(data, at, size)
            if layout.has_children:
                open_ones.append(holder)
        return top


def name_of(units: Units, one: Inlined, patience: Patience) -> str:
    """As the linker knows it, if the record or what it refers to says that; else as the source has it; else ""."""
    unit, at, plain = one.unit, one.at, ""
    for _ in range(_MOST_HOPS):
        code, begin = unsigned(unit.data, at)
        if not code:
            break
        found, _ = unit.layouts[code].read(unit.data, begin, unit.offset_size)
        linkage = found.get(LINKAGE_NAME) or found.get(OLD_LINKAGE_NAME)
        if linkage is not None and (text := unit.text(linkage)):
            return text
        if not plain and NAME in found:
            plain = unit.text(found[NAME])
        form, number = found.get(ABSTRACT_ORIGIN) or found.get(SPECIFICATION) or (0, 0)
        if form in REFS_IN_ALTERNATIVE:
            if units.alternative is None:
                break
            units = units.alternative
        if form in REFS_IN_FILE or form in REFS_IN_ALTERNATIVE:
            unit = units.at(number, patience)
            at = number - unit.offset
        elif form in REFS_IN_UNIT:
            at = number
        else:
            break
        if not unit.first <= at < len(unit.data):
            break
    return plain
