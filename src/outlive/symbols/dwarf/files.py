"""The names of source files as a table of lines has them: one form until DWARF 4, another one since."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outlive.symbols.dwarf.cursor import BadDwarf, sized, string_end, unsigned
from outlive.symbols.dwarf.numbers import (
    BLOCKS,
    DATA1,
    DATA2,
    DATA4,
    DATA8,
    DATA16,
    LINE_STRP,
    STRING,
    STRP,
    STRXS,
    UDATA,
)

if TYPE_CHECKING:
    from outlive.symbols.dwarf.units import Unit

_PATH, _FOLDER = 1, 2
_DATA = {DATA1: 1, DATA2: 2, DATA4: 4, DATA8: 8, DATA16: 16}
_MOST = 1 << 20

_Name = str | tuple[int, int]  # a text, or the form and the number by which its unit knows it


@dataclass(frozen=True)
class FileTable:
    """`files` are (name, number of its folder) by their own number. Names are looked up when they are asked for."""

    unit: Unit
    folders: tuple[_Name, ...]
    files: tuple[tuple[_Name, int], ...]

    def path(self, number: int) -> str:
        """ "" for a number that it does not have."""
        if not 0 <= number < len(self.files):
            return ""
        called, folder = self.files[number]
        name, within = self._text(called), self._text(self.folders[folder]) if 0 <= folder < len(self.folders) else ""
        base = self.unit.folder if within != self.unit.folder else ""  # each may name the same one, relative to nothing
        return posixpath.normpath(posixpath.join(base, within, name)) if name else ""

    def _text(self, name: _Name) -> str:
        return name if isinstance(name, str) else self.unit.text(name)


def read_old_tables(unit: Unit, data: bytes, at: int, offset_size: int) -> FileTable:
    """Folder 0 is the unit's own, and there is no file 0."""
    folders: list[_Name] = [""]
    files: list[tuple[_Name, int]] = [("", 0)]
    while at < len(data) and data[at]:
        end = string_end(data, at)
        folders.append(data[at:end].decode("utf-8", "replace"))
        at = end + 1
    at += 1
    while at < len(data) and data[at]:
        end = string_end(data, at)
        name = data[at:end].decode("utf-8", "replace")
        folder, at = unsigned(data, end + 1)
        _, at = unsigned(data, at)
        _, at = unsigned(data, at)
        files.append((name, folder))
    return FileTable(unit, tuple(folders), tuple(files))


def read_new_tables(unit: Unit, data: bytes, at: int, offset_size: int) -> FileTable:
    """Both count from 0; folder 0 is again the unit's own, said outright."""
    folders, at = _entries(data, at, offset_size)
    files, _ = _entries(data, at, offset_size)
    return FileTable(unit, tuple(name for name, _ in folders), tuple(files))


def _entries(data: bytes, at: int, offset_size: int) -> tuple[list[tuple[_Name, int]], int]:
    """A description of each entry's form, then the entries. Dates, sizes and checksums are passed over."""
    forms, (kinds, at) = [], (sized(data, at, 1), at + 1)
    for _ in range(kinds):
        content, at = unsigned(data, at)
        form, at = unsigned(data, at)
        forms.append((content, form))
    count, at = unsigned(data, at)
    if count > (_MOST if forms else 0):
        raise BadDwarf("it has more files than are read")
    found: list[tuple[_Name, int]] = []
    for _ in range(count):
        name: _Name = ""
        folder = 0
        for content, form in forms:
            value, at = _value(data, at, form, offset_size)
            if content == _PATH and not isinstance(value, int):
                name = value
            elif content == _FOLDER and isinstance(value, int):
                folder = value
        found.append((name, folder))
        if at > len(data):
            raise BadDwarf("it ends too early")
    return found, at


def _value(data: bytes, at: int, form: int, offset_size: int) -> tuple[_Name | int, int]:
    if form == STRING:
        end = string_end(data, at)
        return data[at:end].decode("utf-8", "replace"), end + 1
    if form in (LINE_STRP, STRP):
        return (form, sized(data, at, offset_size)), at + offset_size
    if form in _DATA:
        return sized(data, at, _DATA[form]), at + _DATA[form]
    if form == UDATA:
        return unsigned(data, at)
    if form in STRXS:
        number, at = unsigned(data, at) if form == 0x1A else (sized(data, at, form - 0x24), at + form - 0x24)
        return (form, number), at
    if form in BLOCKS:
        size = BLOCKS[form]
        length, at = (sized(data, at, size), at + size) if size else unsigned(data, at)
        return 0, at + length
    raise BadDwarf("its table of files has a form that is not known")
