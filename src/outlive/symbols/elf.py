"""The functions of an ELF file, by where they begin: its symbol table, or that of its separate debug file.

A stripped file still names what it exports; a place between two of those belongs to a function without a name. So
each answer says whether the place lies within the function, or only behind its beginning. 64-bit little-endian files
alone, which is what x86-64 and aarch64 have.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from outlive.errors import OutliveError

_SYMTAB, _DYNSYM, _NOTE, _LOAD = 2, 11, 7, 1
_FUNCTION, _INDIRECT = 2, 10
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
_DEBUG_FOLDER = Path("/usr/lib/debug/.build-id")
_MOST_SECTIONS = 1 << 16


class NotElf(OutliveError):
    """The file cannot be read as what it should be."""


@dataclass(frozen=True)
class Symbol:
    """`past` bytes behind the beginning of `name`; `within`: the table says that the function reaches as far."""

    name: str
    past: int
    within: bool


@dataclass(frozen=True)
class _Section:
    kind: int
    offset: int
    size: int
    link: int


class Symbols:
    """Functions of one file. Empty for a file without any name."""

    def __init__(self, starts: npt.NDArray[np.uint64], sizes: npt.NDArray[np.uint64], names: list[str]) -> None:
        order = np.argsort(starts, kind="stable")
        self._starts, self._sizes = starts[order], sizes[order]
        self._names = [names[at] for at in order.tolist()]

    def __len__(self) -> int:
        return len(self._names)

    def at(self, address: int) -> Symbol | None:
        """What lies at this address, as the file counts addresses; None before the first function."""
        index = int(np.searchsorted(self._starts, np.uint64(address), side="right")) - 1
        if index < 0:
            return None
        first = int(np.searchsorted(self._starts, self._starts[index], side="left"))
        longest = max(range(first, index + 1), key=lambda at: int(self._sizes[at]))  # aliases: the one that has a size
        past = address - int(self._starts[longest])
        return Symbol(self._names[longest], past, past < int(self._sizes[longest]))


@lru_cache(maxsize=64)
def symbols_of(path: str) -> Symbols:
    """The functions of the file at `path`; of its debug file where that names more. Raises NotElf, OSError."""
    with _mapped(path) as data:
        own = _Elf(data)
        number = own.build_id()
        found = own.functions()
    debug = _DEBUG_FOLDER / number[:2] / f"{number[2:]}.debug"
    if number and debug.is_file():
        try:
            with _mapped(str(debug)) as data:
                more = _Elf(data).functions()
            return more if len(more) > len(found) else found
        except (NotElf, OSError):
            pass
    return found


def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise NotElf(f"{path} is empty") from None


class _Elf:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        if data[:6] != b"\x7fELF\x02\x01":
            raise NotElf("no 64-bit little-endian ELF file")
        self.sections = self._read_sections()

    def _read_sections(self) -> list[_Section]:
        (offset,) = self._unpack("<Q", 0x28)
        size, count = self._unpack("<HH", 0x3A)
        if not offset:
            return []
        if size < 64 or count > _MOST_SECTIONS:
            raise NotElf("its sections have a form that is not known")
        rows = []
        for at in range(offset, offset + size * count, size):
            _, kind, _, _, begin, length, link = self._unpack("<IIQQQQI", at)
            rows.append(_Section(kind, begin, length, link))
        return rows

    def functions(self) -> Symbols:
        tables = [one for one in self.sections if one.kind in (_SYMTAB, _DYNSYM)]
        starts, sizes, names = [], [], []
        for table in sorted(tables, key=lambda one: one.kind):
            rows = np.frombuffer(self._bytes(table), _SYMBOL)
            kinds = rows["info"] & 0xF
            rows = rows[((kinds == _FUNCTION) | (kinds == _INDIRECT)) & (rows["section"] != 0)]
            texts = self._bytes(self._section(table.link))
            starts.append(rows["value"])
            sizes.append(rows["size"])
            names += [_text(texts, at) for at in rows["name"].tolist()]
        none = np.zeros(0, np.uint64)
        return Symbols(np.concatenate([none, *starts]), np.concatenate([none, *sizes]), names)

    def build_id(self) -> str:
        """As hexadecimal digits; "" where the file has none."""
        for one in self.sections:
            data = self._bytes(one) if one.kind == _NOTE else b""
            if len(data) >= 16:
                name, length, kind = struct.unpack_from("<III", data)
                begin = 12 + (name + 3) // 4 * 4
                if kind == 3 and data[12:16] == b"GNU\0":
                    return data[begin : begin + length].hex()
        return ""

    def _section(self, number: int) -> _Section:
        if number >= len(self.sections):
            raise NotElf("a section is named that it does not have")
        return self.sections[number]

    def _bytes(self, section: _Section) -> bytes:
        found = self._data[section.offset : section.offset + section.size]
        if len(found) != section.size:
            raise NotElf("it ends before its sections do")
        return (
            found[: len(found) // _SYMBOL.itemsize * _SYMBOL.itemsize] if section.kind in (_SYMTAB, _DYNSYM) else found
        )

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, self._data, at)
        except struct.error:
            raise NotElf("it ends before its sections do") from None


def _text(texts: bytes, at: int) -> str:
    end = texts.find(b"\0", at)
    return texts[at : end if end >= 0 else len(texts)].decode("utf-8", "replace")
