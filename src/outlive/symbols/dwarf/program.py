"""The program that a table of lines is: what it says of addresses, lines and files, row by row.

Theory of operation
-------------------
A table of lines is a program for a small machine: opcodes that move an address and a line and now and then write a row.
One for a large source file has a hundred thousand of them, and a loop over each would be what a reader in Python spends
its time in. Here one regular expression, made for the unit's own opcodes, cuts the program into its instructions; what
they do to the address and to the line is then a matter of sums over arrays:

    address = what a sequence was set to + the sum of all advances since
    line    = 1 + the sum of all advances since the sequence began
    file    = the last one that was set

A sequence is a stretch of code whose addresses only rise. What the linker threw away has sequences, too, at address 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _CONST_ADD_PC, _FIXED_ADVANCE = 1, 2, 3, 4, 8, 9
_END_SEQUENCE, _SET_ADDRESS = b"\x00\x01\x01", b"\x00\x09\x02"
_BETWEEN = re.compile(rb"(\A|\x00\x01\x01)(?=.{0,24}?\x00\x09\x02(.{8}))", re.DOTALL)

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Header:
    """How the program is to be read. `shortest`: bytes of an instruction; `lengths`: numbers behind each opcode."""

    shortest: int
    line_base: int
    line_range: int
    opcode_base: int
    lengths: tuple[int, ...]
    program: bytes


def pieces_of(program: bytes) -> list[tuple[int, int, int]]:
    """The sequences: the address that each begins with and where its instructions begin and end, by address.

    They are found by what stands between two of them, without decoding. That the bytes are such an end by chance takes
    two rows in a row and a new address behind them, which no compiler writes; and who decodes a piece sees whether it
    ends as it should.
    """
    found = list(_BETWEEN.finditer(program))
    begins = [one.end(1) for one in found]
    rows = zip(found, begins, [*begins[1:], len(program)])
    return sorted((int.from_bytes(one[2], "little"), begin, end) for one, begin, end in rows)


def rows_of(header: Header, begin: int, end: int) -> tuple[Numbers, Numbers, Numbers, Flags]:
    """Of a part of the program: addresses, lines, files, and whether a sequence ends there, row by row."""
    text = header.program[begin:end]
    tokens = _cutter(header.opcode_base, header.lengths).findall(text)
    if tokens and not _is_whole(tokens[-1], header):
        tokens.pop()
    sizes = np.fromiter(map(len, tokens), np.int64, len(tokens))
    begins = np.cumsum(sizes) - sizes
    program = np.frombuffer(text, np.uint8)
    opcodes = program[begins].astype(np.int64)
    special = opcodes >= header.opcode_base
    adjusted = opcodes - header.opcode_base
    standard = ~special
    is_end, sets = _extended(tokens, opcodes, standard)

    advance = np.where(special, adjusted // header.line_range, 0)
    advance[standard & (opcodes == _CONST_ADD_PC)] = (255 - header.opcode_base) // header.line_range
    moved = np.where(special, header.line_base + adjusted % header.line_range, 0)
    file_at = np.zeros(len(tokens), np.int64)
    for opcode, target, is_signed in (
        (_ADVANCE_PC, advance, False),
        (_ADVANCE_LINE, moved, True),
        (_SET_FILE, file_at, 0),
    ):
        chosen = np.flatnonzero(standard & (opcodes == opcode))
        target[chosen] = _operands(program, begins[chosen], sizes[chosen], signed=bool(is_signed))
    advance *= header.shortest
    fixed = np.flatnonzero(standard & (opcodes == _FIXED_ADVANCE) & (sizes == 3))
    advance[fixed] = program[begins[fixed] + 1].astype(np.int64) | program[begins[fixed] + 2].astype(np.int64) << 8

    # A sequence begins with all at rest, and after each set address the sum counts from there.
    after_end = np.concatenate([[0], np.flatnonzero(is_end) + 1])
    addresses = _since(np.cumsum(advance), sets, after_end, len(tokens))
    lines = 1 + _since(np.cumsum(moved), {}, after_end, len(tokens))
    file_set = np.flatnonzero(standard & (opcodes == _SET_FILE))
    file_of = _last_set(file_set, file_at, after_end, len(tokens))
    rows = special | (standard & (opcodes == _COPY)) | is_end
    return addresses[rows], lines[rows], file_of[rows], is_end[rows]


def _extended(tokens: list[bytes], opcodes: Numbers, standard: Flags) -> tuple[Flags, dict[int, int]]:
    """Where sequences end, and the addresses that are set, by the number of the instruction."""
    is_end, sets = np.zeros(len(tokens), np.bool_), {}
    for at in np.flatnonzero(standard & (opcodes == 0)).tolist():
        token = tokens[at]
        if token == _END_SEQUENCE:
            is_end[at] = True
        elif token[:3] == _SET_ADDRESS and len(token) == 11:
            sets[at] = int.from_bytes(token[3:], "little") & (1 << 63) - 1
    return is_end, sets


def _since(total: Numbers, sets: dict[int, int], after_end: Numbers, count: int) -> Numbers:
    """Sums that begin anew where something was set (to that) and after each end (from 0)."""
    before = np.concatenate([[0], total])
    anew = {int(at): 0 for at in after_end.tolist() if at < count}
    marks = np.array(sorted({**anew, **sets}), dtype=np.int64)
    values = np.array([sets.get(int(at), 0) for at in marks.tolist()], dtype=np.int64)
    # What a set instruction itself advances is nothing, so that the sum before it is the sum after it.
    which = np.searchsorted(marks, np.arange(count), side="right") - 1
    return values[which] + total - before[marks[which]] if count else total


def _last_set(chosen: Numbers, values: Numbers, after_end: Numbers, count: int) -> Numbers:
    """What was set last in this sequence; 1 where nothing was."""
    begins = after_end[after_end < count]
    marks = np.concatenate([begins, chosen])
    found = np.concatenate([np.ones(len(begins), np.int64), values[chosen]])
    order = np.argsort(marks, kind="stable")  # an instruction that both begins and sets comes second, and counts
    which = np.searchsorted(marks[order], np.arange(count), side="right") - 1
    return found[order][which]


def _operands(program: npt.NDArray[np.uint8], begins: Numbers, sizes: Numbers, *, signed: bool) -> Numbers:
    """The one number behind each of these opcodes."""
    found = np.zeros(len(begins), np.int64)
    lengths = np.minimum(sizes - 1, 9)
    for byte in range(int(lengths.max(initial=0))):
        has = lengths > byte
        found[has] |= (program[begins[has] + 1 + byte].astype(np.int64) & 0x7F) << 7 * byte
    if signed:
        negative = (program[begins + sizes - 1] & 0x40).astype(bool) & (lengths > 0)
        found[negative] -= np.int64(1) << (7 * np.minimum(lengths[negative], 8))
    return found


def _is_whole(token: bytes, header: Header) -> bool:
    """Whether what was cut off last is an instruction, or all the rest that is none."""
    opcode = token[0]
    if opcode >= header.opcode_base:
        return len(token) == 1
    if opcode == 0:
        return len(token) > 2 and len(token) == 2 + token[1]
    if opcode == _FIXED_ADVANCE:
        return len(token) == 3
    ends = sum(byte < 0x80 for byte in token[1:])
    return ends == header.lengths[opcode - 1] and (len(token) == 1 or token[-1] < 0x80)


@lru_cache(maxsize=64)
def _cutter(opcode_base: int, lengths: tuple[int, ...]) -> re.Pattern[bytes]:
    """What finds one instruction after the other, and behind the last one all the rest."""
    number = rb"[\x80-\xff]*[\x00-\x7f]"
    pieces = [rb"[\x%02x-\xff]" % opcode_base]
    by_count: dict[int, list[int]] = {}
    for opcode, count in enumerate(lengths, 1):
        if opcode != _FIXED_ADVANCE:
            by_count.setdefault(count, []).append(opcode)
    for count, opcodes in sorted(by_count.items()):
        pieces.append(b"[%s]" % b"".join(b"\\x%02x" % one for one in opcodes) + number * count)
    if opcode_base > _FIXED_ADVANCE:
        pieces.append(rb"\x09..")
    # An extended instruction says its length, which a regular expression cannot count: one piece for each length.
    usual = [rb"\x00\x01\x01", rb"\x00\x09\x02.{8}"]
    pieces += usual + [rb"\x00\x%02x.{%d}" % (length, length) for length in range(1, 128)]
    return re.compile(b"|".join([*pieces, b".+"]), re.DOTALL)
