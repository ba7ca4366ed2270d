"""An ELF file as a container: its sections by name, what identifies it, where it points to for more.

It knows nothing of what the sections mean. 64-bit little-endian files alone, which is what x86-64 and aarch64 have.

A file is read piece by piece and never mapped: one that is cut short while we read it (a build that runs beside us)
would otherwise end our process. Sizes in a file are claims: each is held against what there is before it is believed.
"""

from __future__ import annotations

import os
import stat
import struct
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from outlive.errors import OutliveError
from outlive.symbols import packed

SYMTAB, DYNSYM, RELA, _NOTE, _NOBITS = 2, 11, 4, 7, 8
_COMPRESSED = 0x800
_MOST_SECTIONS = 1 << 16
_MOST_IN_MEMORY = 1 << 31
_SMALL = 1 << 20  # a section of no more bytes is read once, when first a piece of it is wanted


class NotElf(OutliveError):
    """The file cannot be read as what it should be."""


@dataclass(frozen=True)
class Section:
    """`address` is where it lies when loaded. `packed`: as the standard says, by a header of its own."""

    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int
    packed: bool


class ElfFile:
    """`read(offset, size)` gives bytes of the file: fewer where it ends before. `path` is "" for one in memory."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, path: str = "") -> None:
        self.read, self.size, self.path = read, size, path
        head = read(0, 64)
        if head[:6] != b"\x7fELF\x02\x01" or len(head) < 64:
            raise NotElf("no 64-bit little-endian ELF file")
        self.machine: int = struct.unpack_from("<H", head, 18)[0]
        self.sections = self._read_sections(head)
        self._named = {one.name: one for one in reversed(self.sections)}
        self._kept: dict[str, bytes] = {}

    @classmethod
    def of_bytes(cls, data: bytes) -> ElfFile:
        return cls(lambda offset, size: data[offset : offset + size], len(data))

    def section(self, name: str) -> Section | None:
        return self._named.get(name)

    def bytes_of(self, section: Section) -> bytes:
        """All of it, unpacked. Raises NotElf where the file does not have what it claims."""
        if section.kind == _NOBITS:
            return b""
        if section.name in self._kept:
            return self._kept[section.name]
        if section.offset + section.size > self.size:
            raise NotElf("it ends before its sections do")
        data = self.read(section.offset, section.size)
        if len(data) != section.size:
            raise NotElf("it ends before its sections do")
        if not _is_packed(section):
            return data
        try:
            self._kept[section.name] = packed.unpacked(data, old_form=not section.packed)
        except packed.NotUnpacked as why:
            raise NotElf(f"{section.name}: {why}") from None
        return self._kept[section.name]

    def has(self, name: str) -> bool:
        """Whether there is such a section with anything in it, be it packed."""
        section = self._debug(name)
        return section is not None and section.kind != _NOBITS and section.size > 0

    def part(self, name: str, offset: int, size: int) -> bytes:
        """A piece of a section, unpacked; shorter where the section ends, empty where there is none."""
        section = self._debug(name)
        if section is None or offset < 0 or size <= 0 or section.kind == _NOBITS:
            return b""
        if _is_packed(section) or section.name in self._kept:
            return self.bytes_of(section)[offset : offset + size]
        if section.size <= _SMALL:
            data = self._kept[section.name] = self.bytes_of(section)
            return data[offset : offset + size]
        return self.read(section.offset + offset, min(size, section.size - offset)) if offset < section.size else b""

    def length(self, name: str) -> int:
        """Of the section, unpacked; 0 where there is none."""
        section = self._debug(name)
        if section is None or section.kind == _NOBITS:
            return 0
        if _is_packed(section):
            return len(self.bytes_of(section))
        return max(0, min(section.size, self.size - section.offset))

    def _debug(self, name: str) -> Section | None:
        return self._named.get(name) or self._named.get(f".z{name[1:]}")

    def build_id(self) -> str:
        """As hexadecimal digits; "" where the file has none."""
        for one in self.sections:
            data = self.read(one.offset, min(one.size, 4096)) if one.kind == _NOTE else b""
            if len(data) >= 16:
                name, length, kind = struct.unpack_from("<III", data)
                begin = 12 + (name + 3) // 4 * 4
                if kind == 3 and data[12:16] == b"GNU\0":
                    return data[begin : begin + length].hex()
        return ""

    def debug_link(self) -> tuple[str, int] | None:
        """The name of the file that has the debug information, and its checksum."""
        data = self.part(".gnu_debuglink", 0, 4096)
        end = data.find(b"\0")
        at = (end + 4) // 4 * 4
        if end <= 0 or len(data) < at + 4:
            return None
        return data[:end].decode("utf-8", "surrogateescape"), struct.unpack_from("<I", data, at)[0]

    def alternative_link(self) -> tuple[str, str] | None:
        """The file with what `dwz` found in several programs' debug information, and its build id."""
        name, end, number = self.part(".gnu_debugaltlink", 0, 4096).partition(b"\0")
        return (name.decode("utf-8", "surrogateescape"), number.hex()) if name and end and number else None

    def _read_sections(self, head: bytes) -> list[Section]:
        (offset,) = struct.unpack_from("<Q", head, 0x28)
        size, count, names_at = struct.unpack_from("<HHH", head, 0x3A)
        if not offset:
            return []
        if size < 64 or count > _MOST_SECTIONS or offset + size * count > self.size:
            raise NotElf("its table of sections is not what it should be")
        table = self.read(offset, size * count)
        if len(table) < size * count:
            raise NotElf("it ends before its sections do")
        rows = [struct.unpack_from("<IIQQQQI", table, at) for at in range(0, size * count, size)]
        names = b""
        if names_at < len(rows) and rows[names_at][4] + rows[names_at][5] <= self.size:
            names = self.read(rows[names_at][4], rows[names_at][5])
        return [
            Section(text_at(names, name), kind, address, begin, length, link, bool(flags & _COMPRESSED))
            for name, kind, flags, address, begin, length, link in rows
        ]


def _is_packed(section: Section) -> bool:
    return section.packed or section.name.startswith(".zdebug")


def open_elf(path: str) -> ElfFile:
    """Raises OSError, and NotElf for what is no plain file: to open a pipe is to wait, and some devices act on it."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise NotElf(f"{path} is no file")
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise NotElf(f"{path} is no file")
        found = ElfFile(lambda offset, size: _pread(number, offset, size), about.st_size, path)
    except BaseException:
        os.close(number)
        raise
    weakref.finalize(found, os.close, number)
    return found


def _pread(number: int, offset: int, size: int) -> bytes:
    if not 0 <= offset < 1 << 62:
        return b""
    if size > _MOST_IN_MEMORY:
        raise NotElf("a part of it is too large to be read")
    found = os.pread(number, size, offset)
    while len(found) < size and (more := os.pread(number, size - len(found), offset + len(found))):
        found += more
    return found


def text_at(texts: bytes, at: int) -> str:
    end = texts.find(b"\0", at)
    return texts[at : end if end >= 0 else len(texts)].decode("utf-8", "replace")
