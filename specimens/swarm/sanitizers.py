"""Runs a program built with LeakSanitizer, alone or within AddressSanitizer, and reads what it prints."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from specimens.swarm.answer import Answer, Frame, Harm, Lost, Stack
from specimens.swarm.building import SOURCE

LEAK = re.compile(
    r"^(?:Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:\n((?: +#\d+ .*\n)*)", re.M
)
FRAME = re.compile(r" +#\d+ 0x[0-9a-f]+ +(?:in (\S+) )?(.*)")
ERROR = re.compile(r"ERROR: (?:Address|Leak)Sanitizer: (?!detected memory leaks)(.*)\n((?:.*\n)*?)SUMMARY")
UNDEFINED = re.compile(r"runtime error: (.*)")
KINDS = {"attempting double-free": "double free", "stack-overflow": "recursion"}
NO_LEAK_CHECK = "LeakSanitizer has encountered a fatal error"
NO_PTRACE = "LeakSanitizer cannot stop the program here (ptrace is not allowed)"
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=0", "LSAN_OPTIONS": "exitcode=0"}


def answer(words: Sequence[str], folder: Path, timeout_s: float) -> Answer:
    """Runs the program; what it says on stderr is read and thrown away."""
    environment = {**os.environ, **OPTIONS}
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=timeout_s, env=environment)
    return read(done.stderr)


def read(text: str) -> Answer:
    if NO_LEAK_CHECK in text:
        return Answer(failed=NO_PTRACE)
    lost = [Lost(int(size), int(blocks), _stack(frames)) for size, blocks, frames in LEAK.findall(text)]
    harm = [Harm(_kind(what), _stack(frames)) for what, frames in ERROR.findall(text)]
    harm += [Harm(what, ()) for what in UNDEFINED.findall(text)]
    return Answer(tuple(lost), tuple(harm))


def _kind(what: str) -> str:
    return next((kind for word, kind in KINDS.items() if what.startswith(word)), what)


def _stack(text: str) -> Stack:
    frames = [Frame(function, _file(where)) for function, where in FRAME.findall(text)]
    while frames and _is_interceptor(frames[0].function):
        del frames[0]
    return tuple(frames)


def _file(where: str) -> str:
    """`/…/c/pool.c:52` is ours; `(/lib/libuv.so.1+0x1)` and files of others are not."""
    path = Path(where.partition(":")[0])
    return path.name if SOURCE in path.parents else ""


def _is_interceptor(function: str) -> bool:
    return function.startswith("__interceptor_") or function in ("malloc", "calloc", "realloc", "strndup", "free")
