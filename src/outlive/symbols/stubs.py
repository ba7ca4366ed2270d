"""The little pieces of code through which a file calls what other files export, named `name@plt` as other tools do.

A symbol table does not name them. Each jumps through a slot, and the slot's relocation says whose address it gets: so
we look for the jump in each piece. x86-64 and aarch64.
"""

from __future__ import annotations

import struct

from outlive.symbols.elf import DYNSYM, RELA, ElfFile, Section, text_at

_X86_64, _AARCH64 = 62, 183
_SLOT_KINDS = {_X86_64: (6, 7), _AARCH64: (1025, 1026)}  # filled with a function's address: at start, at first use
_MOST = 1 << 18


def stubs_of(file: ElfFile) -> dict[int, tuple[str, int]]:
    """(name, size) by address. Raises NotElf."""
    if file.machine not in _SLOT_KINDS:
        return {}
    places = [one for one in file.sections if one.name in (".plt", ".plt.sec", ".plt.got") and one.kind == 1]
    names = _slots(file) if places else {}
    found: dict[int, tuple[str, int]] = {}
    for section in places:
        jumps = _x86_64_jumps if file.machine == _X86_64 else _aarch64_jumps
        for address, size, slot in jumps(file.bytes_of(section), section):
            if slot in names:
                found[address] = (f"{names[slot]}@plt", size)
    return found


def _slots(file: ElfFile) -> dict[int, str]:
    """Names by the address of the slot that gets their address."""
    found: dict[int, str] = {}
    for table in (one for one in file.sections if one.kind == RELA and one.link < len(file.sections)):
        symbols = file.sections[table.link]
        if symbols.kind != DYNSYM or symbols.link >= len(file.sections):
            continue
        rows, texts = file.bytes_of(symbols), file.bytes_of(file.sections[symbols.link])
        data = file.bytes_of(table)
        for at in range(0, min(len(data), _MOST * 24) - 23, 24):
            slot, info = struct.unpack_from("<QQ", data, at)
            row = (info >> 32) * 24
            if info & 0xFFFFFFFF in _SLOT_KINDS[file.machine] and row and row + 24 <= len(rows):
                found[slot] = text_at(texts, struct.unpack_from("<I", rows, row)[0])
    return found


def _x86_64_jumps(code: bytes, section: Section) -> list[tuple[int, int, int]]:
    """(address, size, slot): a piece is `jmp *slot(%rip)`, with what the processor's branch protection wants before."""
    piece = 16 if section.name != ".plt.got" or b"\xf3\x0f\x1e\xfa" in code[:4] else 8
    found, at = [], code.find(b"\xff\x25")
    while 0 <= at <= len(code) - 6:
        (distance,) = struct.unpack_from("<i", code, at + 2)
        found.append((section.address + at // piece * piece, piece, section.address + at + 6 + distance))
        at = code.find(b"\xff\x25", at + 6)
    return found


def _aarch64_jumps(code: bytes, section: Section) -> list[tuple[int, int, int]]:
    """A piece is `adrp x16, page; ldr x17, [x16, #low]; add; br x17`, perhaps with `bti c` before."""
    found = []
    for at in range(0, len(code) - 7, 4):
        first, second = struct.unpack_from("<II", code, at)
        if first & 0x9F00001F == 0x90000010 and second & 0xFFC003FF == 0xF9400211:
            pages = (first >> 5 & 0x7FFFF) << 2 | first >> 29 & 3
            pages -= (pages & 1 << 20) << 1
            page = (section.address + at & ~0xFFF) + (pages << 12)
            found.append((section.address + at, 16, page + (second >> 10 & 0xFFF) * 8))
    return found
