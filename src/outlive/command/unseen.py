"""Why the recorder saw nothing of a program: what its file says, in words. Reads the head of one file, runs nothing."""

from __future__ import annotations

import os
import shutil
import stat
import struct
from pathlib import Path

_INTERPRETER, _MOST_HEADERS, _LONGEST_PATH = 3, 512, 4096


def executable(word: str) -> str:
    """The file that a command's first word names; the word itself where there is none."""
    found = shutil.which(word)
    return os.path.realpath(found) if found else word


def why_unseen(program: str) -> str:
    """One sentence without a full stop."""
    try:
        mode = os.stat(program).st_mode
        with open(program, "rb") as file:
            head = file.read(1 << 16)
    except OSError:
        return "its file cannot be read, so why is not known"
    name = Path(program).name
    if mode & (stat.S_ISUID | stat.S_ISGID):
        return f"{name} runs with other rights than ours (set-uid), and the loader then preloads nothing"
    if head[:2] == b"#!":
        return f"{name} is a script: its interpreter was not seen, which may be linked statically"
    if head[:5] != b"\x7fELF\x02":
        return f"{name} is no 64-bit program"
    loader = _loader_of(head)
    if not loader:
        return f"{name} is linked statically: nothing can be preloaded into it; link it dynamically to check it"
    if "musl" in loader:
        return f"{name} runs with musl, and the recorder knows glibc's allocator only"
    return (
        "it ended on a way that the recorder does not stand in (killed, abort, a raw system call), "
        "or it has an allocator of its own (jemalloc, tcmalloc)"
    )


def _loader_of(head: bytes) -> str:
    """The loader that the file asks for; "" for none."""
    try:
        (offset,) = struct.unpack_from("<Q", head, 0x20)
        size, count = struct.unpack_from("<HH", head, 0x36)
        for at in range(offset, offset + size * min(count, _MOST_HEADERS), size or 1):
            kind, _, begin, _, _, length = struct.unpack_from("<IIQQQQ", head, at)
            if kind == _INTERPRETER:
                return head[begin : begin + min(length, _LONGEST_PATH)].rstrip(b"\0").decode("utf-8", "replace")
    except struct.error:
        return "?"  # cut off or damaged: nothing is said of how it is linked
    return ""
