"""Reads what the guard wrote: memory that was used wrongly, each mistake once, with who made, freed and used it.

Knows the file (docs/reference/broken-format.md), written by native/preload/guard_report.c while the program ran;
refuses to know the names of functions, which is `symbols`. A program may end in the middle of a line, and anybody
may have written into the folder: a line that is not whole is passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import PythonLine
from outlive.model.native_end import BrokenUse, NativeCall

VERSION = "1"
ROLES = ("made", "freed", "used")
_FILE = re.compile(r"broken-[0-9]+\.txt")
_LARGEST_FILE = 64 << 20
_KINDS = {
    "double-free": "was freed a second time",
    "interior-free": "was freed by an address within it",
    "foreign-free": "an address that malloc never gave out was freed",
    "mismatched-free": "was given back to another allocator than it came from",
    "write-after-free": "was written to after it was freed",
    "use-after-free": "was read after it was freed",
    "overrun": "was written or read beyond its bounds",
    "stack-overflow": "the stack was used up",
}


def load_broken(folder: Path) -> tuple[BrokenUse, ...]:
    """Every mistake that the programs that recorded into this folder made, the first one first in each file.

    Equal mistakes of several processes are one, with their counts added. Frames have a module and an address in its
    file: the return address, or one behind the instruction that faulted. Raises OSError where the folder cannot be
    read.
    """
    found: dict[str, BrokenUse] = {}
    for path in sorted(path for path in folder.iterdir() if _FILE.fullmatch(path.name)):
        for use in _of_process(path):
            before = found.get(use.fingerprint)
            found[use.fingerprint] = use if before is None else replace(before, count=before.count + use.count)
    return tuple(found.values())


def _of_process(path: Path) -> tuple[BrokenUse, ...]:
    uses: dict[str, BrokenUse] = {}
    for fields in _lines(path):
        kind, key = fields[1], fields[2]
        try:
            if kind != "again":
                uses[key] = _use(fields)
            elif key in uses:
                uses[key] = replace(uses[key], count=max(uses[key].count, int(fields[3])))
        except (ValueError, IndexError):
            continue
    return tuple(uses.values())


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as file:
        text = file.read(_LARGEST_FILE).decode("utf-8", "replace")
    for line in text.split("\n"):
        fields = line.split("\t")
        if len(fields) >= 4 and fields[0] == VERSION and fields[-1] == ".":
            yield fields[:-1]


def _use(fields: list[str]) -> BrokenUse:
    _, kind, _, address, size, offset, shown, words, *calls = fields
    if kind not in _KINDS:
        raise ValueError(kind)
    told = tuple(_call(call) for call in calls)
    use = BrokenUse(
        kind=kind,
        sentence=_sentence(kind, int(size), words, dict(told)),
        calls=told,
        address=int(address, 16),
        bytes=int(size),
        evidence=tuple(_evidence(kind, int(size), int(offset), bytes.fromhex(shown), words)),
    )
    return replace(use, fingerprint=_fingerprint(use, words))


def _call(text: str) -> tuple[str, NativeCall]:
    role, thread, frames, lines = text.split("|")
    if role not in ROLES:
        raise ValueError(role)
    found = tuple(_frame(frame) for frame in frames.split())
    return role, NativeCall(
        frames=tuple(frame for frame in found if not frame.module.endswith("/outlive/_blocks.so")),
        lines=tuple(_line(line) for line in lines.split()),
        thread=int(thread),
    )


def _frame(text: str) -> NativeFrame:
    module, _, address = text.rpartition("+")
    return NativeFrame(unquote(module), int(address, 16))


def _line(text: str) -> PythonLine:
    file, line, function = text.split(":")
    return PythonLine(int(line), unquote(file), unquote(function))


# ---- in words ----


def _sentence(kind: str, size: int, words: str, calls: dict[str, NativeCall]) -> str:
    if kind in ("foreign-free", "stack-overflow"):
        return f"{_KINDS[kind]}: {words}" if words else _KINDS[kind]
    if kind == "use-after-free" and "text" in words:
        return f"use after free: text was read from a block of {size} bytes that was freed{_lent(calls)}"
    told = _KINDS[kind] if kind != "overrun" or "used" in calls else "was written to beyond its end"
    if kind == "overrun" and words.startswith("the word before"):
        told = words
        return f"a block of {size} bytes: {told}"
    return f"a block of {size} bytes {told}" + (f": {words}" if words else "")


def _lent(calls: dict[str, NativeCall]) -> str:
    """Whose code handed the freed memory to Python: who called in the reading, else whose memory it was."""
    for role in ("used", "made"):
        for frame in calls.get(role, NativeCall()).frames:
            name = PurePosixPath(frame.module).name
            if name and not re.match(r"(lib)?python3|libc\.so|libc-", name):
                return f"; it was lent to Python by {name}"
    return ""


def _evidence(kind: str, size: int, offset: int, shown: bytes, words: str) -> Iterator[str]:
    if kind == "write-after-free" and shown:
        yield f"bytes {offset} to {offset + len(shown) - 1} of {size} were changed after the free: {shown.hex(' ')}"
    elif kind == "overrun" and words.startswith("the word before"):
        yield f"where its size should stand there is {shown.hex(' ')}"
    elif kind == "overrun":
        where = f"{offset - size} bytes behind its end" if offset >= size else f"{-offset} bytes before its start"
        yield f"{where}" + (f": {shown.hex(' ')}" if shown else "")
    elif kind == "use-after-free" and shown:
        yield f"what was read is what the guard fills freed memory with: {shown.hex(' ')}"
    elif kind == "interior-free":
        yield f"the address is {offset} bytes into the block"


def _fingerprint(use: BrokenUse, words: str) -> str:
    parts = [use.kind, words]
    for role, call in use.calls:
        parts.append(role)
        parts += [f"{PurePosixPath(frame.module).name}+{frame.address:x}" for frame in call.frames if frame.module]
        parts += [f"{line.file}:{line.line}" for line in call.lines]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
