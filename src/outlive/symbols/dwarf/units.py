"""The units of a file with debug information: which one an address belongs to, and what all of its records need."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.symbols.dwarf.abbreviations import Layouts, Value
from outlive.symbols.dwarf.cursor import BadDwarf, Patience, sized, unsigned, whole
from outlive.symbols.dwarf.numbers import (
    ADDR_BASE,
    COMP_DIR,
    COMPILE_UNIT,
    LINE_STRP,
    LOW_PC,
    PARTIAL_UNIT,
    RNGLISTS_BASE,
    SKELETON_UNIT,
    STMT_LIST,
    STR_OFFSETS_BASE,
    STRING,
    STRP,
    STRPS_IN_ALTERNATIVE,
    STRXS,
)
from outlive.symbols.dwarf.ranges import Spans, address_of, ranges_of, spans
from outlive.symbols.elf import ElfFile

_HEAD = 2048  # bytes of a unit that nearly always have its first record in them
_TYPES, _SPLIT_TYPES, _SKELETON, _SPLIT = 2, 6, 4, 5
_LARGEST_ARANGES = 1 << 28
_LARGEST_LAYOUTS = 1 << 28
_MOST_UNITS = 1 << 20
_LONGEST_TEXT = 1 << 14

_Offsets = npt.NDArray[np.int64]


class Unit:
    """`offset` is where its header begins, `end` where the next one does; `first` its first record, from `offset`."""

    def __init__(self, units: Units, offset: int) -> None:
        self.file, self.offset, self.alternative = units.file, offset, units.alternative
        head = self.file.part(".debug_info", offset, _HEAD)
        self.offset_size, at = (8, 12) if head[:4] == b"\xff\xff\xff\xff" else (4, 4)
        length = sized(head, at - self.offset_size, self.offset_size)
        self.end = offset + at + length
        self.version = whole("<H", head, at)
        if not 2 <= self.version <= 5:
            raise BadDwarf("it is of a version that is not known")
        if self.version == 5:
            self.kind, address_size = sized(head, at + 2, 1), sized(head, at + 3, 1)
            layouts_at = sized(head, at + 4, self.offset_size)
            at += 4 + self.offset_size
            more = {_SKELETON: 8, _SPLIT: 8, _TYPES: 8 + self.offset_size, _SPLIT_TYPES: 8 + self.offset_size}
            at += more.get(self.kind, 0)
        else:
            self.kind, layouts_at = 1, sized(head, at + 2, self.offset_size)
            address_size = sized(head, at + 2 + self.offset_size, 1)
            at += 3 + self.offset_size
        if address_size != 8 or self.end > self.file.length(".debug_info"):
            raise BadDwarf("its header is not what it should be")
        self.first = at
        self.layouts = units.layouts(layouts_at, self.offset_size, self.version)
        self._head = head[: self.end - offset]

    @cached_property
    def data(self) -> bytes:
        return self.file.part(".debug_info", self.offset, self.end - self.offset)

    @cached_property
    def root(self) -> dict[int, Value]:
        """The attributes of its first record, where it is one for code."""
        try:
            return self._root(self._head)
        except (BadDwarf, IndexError):
            return self._root(self.data)

    @cached_property
    def children(self) -> int:
        """Where the records below the first one begin."""
        code, at = unsigned(self.data, self.first)
        return self.layouts[code].read(self.data, at, self.offset_size)[1]

    @cached_property
    def base(self) -> int:
        return address_of(self, self.root[LOW_PC]) if LOW_PC in self.root else 0

    @cached_property
    def rnglists_base(self) -> int:
        return self._number(RNGLISTS_BASE, 0)

    @cached_property
    def lines_at(self) -> int:
        """Where its table of lines begins; -1 where it has none."""
        return self._number(STMT_LIST, -1)

    @cached_property
    def folder(self) -> str:
        return self.text(self.root[COMP_DIR]) if COMP_DIR in self.root else ""

    def address_by_number(self, number: int) -> int:
        at = self._number(ADDR_BASE, 0) + number * 8
        return whole("<Q", self.file.part(".debug_addr", at, 8), 0)

    def text(self, value: Value) -> str:
        """ "" for what stands in a file that we do not have."""
        form, number = value
        if form == STRING:
            data = self.data[number : number + _LONGEST_TEXT]
        elif form in (STRP, LINE_STRP):
            data = text_part(self.file, ".debug_str" if form == STRP else ".debug_line_str", number)
        elif form in STRXS:
            size = self.offset_size
            at = self._number(STR_OFFSETS_BASE, 0) + number * size
            where = sized(self.file.part(".debug_str_offsets", at, size), 0, size)
            data = text_part(self.file, ".debug_str", where)
        elif form in STRPS_IN_ALTERNATIVE and self.alternative is not None:
            data = text_part(self.alternative.file, ".debug_str", number)
        else:
            return ""
        return data.split(b"\0", 1)[0].decode("utf-8", "replace")

    def _number(self, attribute: int, default: int) -> int:
        return self.root[attribute][1] if attribute in self.root else default

    def _root(self, data: bytes) -> dict[int, Value]:
        code, at = unsigned(data, self.first)
        layout = self.layouts[code] if code else None
        if layout is None or layout.tag not in (COMPILE_UNIT, PARTIAL_UNIT, SKELETON_UNIT):
            return {}
        return layout.read(data, at, self.offset_size)[0]


class Units:
    """Of one file. A unit that was asked for once is kept."""

    def __init__(self, file: ElfFile, alternative: Units | None = None) -> None:
        self.file, self.alternative = file, alternative
        self._known: dict[int, Unit] = {}
        self._layouts: dict[tuple[int, int, int], Layouts] = {}
        self._begins: _Offsets | None = None
        self._others: Spans | None = None

    def unit(self, offset: int) -> Unit:
        if offset not in self._known:
            self._known[offset] = Unit(self, offset)
        return self._known[offset]

    def forget(self) -> None:
        """What was kept of single units."""
        self._known.clear()
        self._layouts.clear()

    def layouts(self, at: int, offset_size: int, version: int) -> Layouts:
        key = (at, offset_size, version)
        if key not in self._layouts:
            self._layouts[key] = Layouts(self._all_layouts, *key)
        return self._layouts[key]

    def having(self, address: int, patience: Patience) -> list[int]:
        """Where the units begin that claim the address: by the file's index, else by what they say themselves."""
        return self._index[0].at(address) or self._unindexed(patience).at(address)

    def at(self, offset: int, patience: Patience) -> Unit:
        """The unit in which something stands in the file at `offset`."""
        heads = self._heads(patience)
        if not 0 <= offset < self.file.length(".debug_info"):
            raise BadDwarf("it refers to what it does not have")
        at = int(np.searchsorted(heads, offset, side="right")) - 1
        if at < 0:
            raise BadDwarf("it refers to what it does not have")
        return self.unit(int(heads[at]))

    @cached_property
    def _all_layouts(self) -> bytes:
        return self.file.part(".debug_abbrev", 0, _LARGEST_LAYOUTS)

    @cached_property
    def _index(self) -> tuple[Spans, set[int]]:
        """From `.debug_aranges`, which gcc writes, with the units that it names."""
        data = self.file.part(".debug_aranges", 0, _LARGEST_ARANGES)
        rows, at = [np.zeros((0, 3), np.uint64)], 0
        named: set[int] = set()
        for _ in range(_MOST_UNITS):
            if at + 16 > len(data):
                break
            size, begin = (8, at + 12) if data[at : at + 4] == b"\xff\xff\xff\xff" else (4, at + 4)
            end = begin + sized(data, begin - size, size)
            if end > len(data):
                break
            unit = sized(data, begin + 2, size)
            if data[begin + 2 + size : begin + 4 + size] == b"\x08\0":
                first = at + (begin + 4 + size - at + 15) // 16 * 16
                pairs = np.frombuffer(data, "<u8", max(0, end - first) // 16 * 2, first).reshape(-1, 2)
                rows.append(
                    np.column_stack(
                        [pairs[:, 0], pairs.sum(axis=1, dtype=np.uint64), np.full(len(pairs), unit, np.uint64)]
                    )
                )
                named.add(unit)
            at = end
        return Spans(np.concatenate(rows)), named

    def _unindexed(self, patience: Patience) -> Spans:
        """Of the units that the index does not name: clang, rustc and assemblers write none."""
        if self._others is None:
            rows: list[tuple[int, int, int]] = []
            for count, offset in enumerate(int(one) for one in self._heads(patience)):
                if count % 64 == 63:
                    patience.check()
                if offset not in self._index[1]:
                    rows += self._ranges_at(offset)
            self._others = spans(rows)
        return self._others

    def _ranges_at(self, offset: int) -> list[tuple[int, int, int]]:
        try:
            unit = Unit(self, offset)
            return [(low, end, offset) for low, end in ranges_of(unit, unit.root)]
        except (BadDwarf, IndexError):
            return []

    def _heads(self, patience: Patience) -> _Offsets:
        """Where each unit begins."""
        if self._begins is None:
            found: list[int] = []
            at, end = 0, self.file.length(".debug_info")
            while at < end and len(found) < _MOST_UNITS:
                if len(found) % 1024 == 1023:
                    patience.check()
                head = self.file.part(".debug_info", at, 12)
                size, begin = (8, 12) if head[:4] == b"\xff\xff\xff\xff" else (4, 4)
                if len(head) < begin:
                    break
                found.append(at)
                at += begin + sized(head, begin - size, size)
            self._begins = np.array(found, dtype=np.int64)
        return self._begins


def text_part(file: ElfFile, section: str, at: int) -> bytes:
    """The text there, with what follows its end."""
    data = file.part(section, at, 256)
    return data if b"\0" in data else file.part(section, at, _LONGEST_TEXT)
