"""How the records of a unit are laid out, turned into plans: what to step over, and what to read.

Most records are only stepped over, a hundred thousand of them in a large unit; so each layout has a plan for that, in
which what has a fixed size is one number. Of records that matter only the attributes that matter are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from outlive.symbols.dwarf.cursor import BadDwarf, signed, sized, string_end, unsigned
from outlive.symbols.dwarf.numbers import (
    ATTRIBUTES,
    BLOCKS,
    FIXED_SIZE,
    IMPLICIT_CONST,
    INDIRECT,
    LEB128,
    LOW_PC,
    MODULE,
    NAMESPACE,
    OFFSETS,
    OLD_REF_ADDR,
    RANGES,
    REF4,
    REF_ADDR,
    SDATA,
    SIBLING,
    STRING,
    SUBPROGRAM,
)

_TO_READ, _NUMBER, _TEXT, _BLOCK = -1, -2, -3, -4  # steps that have no fixed size; one >= 0 is how many bytes to pass
_NAMESPACES = (NAMESPACE, MODULE)
_MOST_LAYOUTS, _LONGEST_LAYOUT = 1 << 16, 1 << 13
_N = rb"[\x80-\xff]*[\x00-\x7f]"
# A code, a tag, whether there are children; attribute and form until both are 0. A constant follows its form.
_LAYOUT = re.compile(rb"(%s)(%s)(.)((?:(?!\x00\x00)%s(?:\x21%s|(?!\x21)%s))*)\x00\x00" % ((_N,) * 5), re.DOTALL)

Value = tuple[int, int]  # the form, and the number; of a text within the record: where it stands
_Attributes = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Layout:
    """`fixed`: the size of every such record, -1 where they differ. `to_sibling`: what to step over to where the record
    says what follows all below it, None where it does not or what is below matters; `jump`: its size, where that is
    fixed. `is_code`: a function's that can say where its code lies. `plan` has an attribute
    or 0 for what does not matter, its form, its size or -1, its constant.
    """

    tag: int
    has_children: bool
    fixed: int
    steps: tuple[int, ...]
    to_sibling: tuple[int, ...] | None
    jump: int
    is_code: bool
    plan: tuple[tuple[int, int, int, int], ...]

    def skip(self, data: bytes, at: int, offset_size: int) -> int:
        """Where the next record begins. Raises IndexError, too, where the data ends."""
        return at + self.fixed if self.fixed >= 0 else _passed(self.steps, data, at, offset_size)

    def sibling(self, data: bytes, at: int, offset_size: int) -> int:
        """Where the record says that its next sibling begins; 0 where it does not."""
        if self.to_sibling is None:
            return 0
        at = at + self.jump if self.jump >= 0 else _passed(self.to_sibling, data, at, offset_size)
        return int.from_bytes(data[at : at + 4], "little")

    def read(self, data: bytes, at: int, offset_size: int) -> tuple[dict[int, Value], int]:
        """The attributes that matter, and where the next record begins."""
        found: dict[int, Value] = {}
        for attribute, form, size, constant in self.plan:
            if size >= 0:
                if attribute:
                    number = int.from_bytes(data[at : at + size], "little") if size else constant
                    found[attribute] = (form, number)
                at += size
            else:
                value, at = _value(form, data, at, offset_size)
                if attribute:
                    found[attribute] = value
        if at > len(data):
            raise BadDwarf("it ends too early")
        return found, at


class Layouts:
    """The table of layouts that begins at `at`, read as far as what is asked for."""

    def __init__(self, data: bytes, at: int, offset_size: int, version: int) -> None:
        self._data, self._at, self._offset_size, self._old = data, at, offset_size, version == 2
        self._waiting: dict[int, re.Match[bytes]] = {}
        self._ended = False
        self.known: dict[int, Layout] = {}

    def __getitem__(self, code: int) -> Layout:
        if code not in self.known:
            while code not in self._waiting:
                if self._ended or len(self._waiting) >= _MOST_LAYOUTS:
                    raise BadDwarf("a record in it has a layout that is not described")
                self._read_next()
            found = self._waiting[code]
            tag, _ = unsigned(found[2], 0)
            self.known[code] = _layout(tag, found[3] != b"\0", found[4], self._offset_size, self._old)
        return self.known[code]

    def _read_next(self) -> None:
        found = _LAYOUT.match(self._data, self._at, self._at + _LONGEST_LAYOUT)
        if self._data[self._at : self._at + 1] == b"\0" or found is None:
            self._ended = True
            return
        code, _ = unsigned(found[1], 0)
        if code in self._waiting:  # a table of such is no way to keep us busy
            self._ended = True
        self._waiting.setdefault(code, found)
        self._at = found.end()


@lru_cache(maxsize=4096)
def _layout(tag: int, has_children: bool, described: bytes, size: int, old: bool) -> Layout:
    """One compiler describes the same layouts again in each unit."""
    attributes = _attributes(described, old)
    steps = _steps(attributes, size)
    names = [name for name, _, _ in attributes]
    to_sibling, jump = None, -1
    if SIBLING in names and attributes[names.index(SIBLING)][1] == REF4 and has_children and tag not in _NAMESPACES:
        to_sibling = _steps(attributes[: names.index(SIBLING)], size)
        jump = sum(to_sibling) if all(step >= 0 for step in to_sibling) else -1
    fixed = sum(steps) if all(step >= 0 for step in steps) else -1
    is_code = tag == SUBPROGRAM and (LOW_PC in names or RANGES in names)
    return Layout(tag, has_children, fixed, steps, to_sibling, jump, is_code, _plan(attributes, size))


def _attributes(data: bytes, old: bool) -> _Attributes:
    found, at = [], 0
    while at < len(data):
        name, at = unsigned(data, at)
        form, at = unsigned(data, at)
        constant = 1
        if form == IMPLICIT_CONST:
            constant, at = signed(data, at)
        found.append((name, OLD_REF_ADDR if old and form == REF_ADDR else form, constant))
    return found


def _plan(attributes: _Attributes, offset_size: int) -> tuple[tuple[int, int, int, int], ...]:
    found: list[tuple[int, int, int, int]] = []
    for name, form, constant in attributes:
        size = _size(form, offset_size)
        wanted = name if name in ATTRIBUTES else 0
        if not wanted and size >= 0 and found and not found[-1][0] and found[-1][2] >= 0:
            found[-1] = (0, 0, found[-1][2] + size, 0)
        else:
            found.append((wanted, form, size, constant))
    return tuple(found)


def _size(form: int, offset_size: int) -> int:
    return offset_size if form in OFFSETS else FIXED_SIZE.get(form, -1)


def _steps(attributes: _Attributes, offset_size: int) -> tuple[int, ...]:
    steps: list[int] = []
    ends_with_form = False
    for _, form, _ in attributes:
        size = _size(form, offset_size)
        if size >= 0 and steps and steps[-1] >= 0 and not ends_with_form:
            steps[-1] += size
            continue
        ends_with_form = False
        if size >= 0:
            steps.append(size)
        elif form in LEB128:
            steps.append(_NUMBER)
        elif form == STRING:
            steps.append(_TEXT)
        elif form in BLOCKS and BLOCKS[form] == 0:
            steps.append(_BLOCK)
        else:
            steps += [_TO_READ, form]
            ends_with_form = True
    return tuple(steps)


def _passed(steps: tuple[int, ...], data: bytes, at: int, offset_size: int) -> int:
    rest = iter(steps)
    for step in rest:
        if step >= 0:
            at += step
        elif step == _NUMBER:
            while data[at] >= 0x80:
                at += 1
            at += 1
        elif step == _BLOCK:
            length = data[at]
            at += 1
            if length >= 0x80:
                length, at = unsigned(data, at - 1)
            at += length
        elif step == _TEXT:
            at = string_end(data, at) + 1
        else:
            _, at = _value(next(rest), data, at, offset_size)
    return at


def _value(form: int, data: bytes, at: int, offset_size: int) -> tuple[Value, int]:
    """Of a form whose size is not fixed, or that only the record itself tells."""
    if form == INDIRECT:
        form, at = unsigned(data, at)
        if form in (INDIRECT, IMPLICIT_CONST):
            raise BadDwarf("a form in it leads nowhere")
    size = _size(form, offset_size)
    if size >= 0:
        return (form, sized(data, at, size) if size else 1), at + size
    if form == SDATA:
        number, at = signed(data, at)
        return (form, number), at
    if form in LEB128:
        number, at = unsigned(data, at)
        return (form, number), at
    if form == STRING:
        return (form, at), string_end(data, at) + 1
    return (form, 0), _block_end(form, data, at)


def _block_end(form: int, data: bytes, at: int) -> int:
    if form not in BLOCKS:
        raise BadDwarf("it has a form that is not known")
    size = BLOCKS[form]
    length, at = (sized(data, at, size), at + size) if size else unsigned(data, at)
    if at + length > len(data):
        raise BadDwarf("it ends too early")
    return at + length
