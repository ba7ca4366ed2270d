"""Code that a program made while it ran has no file; some of its makers write down what lies where.

The form is that of `perf`: `/tmp/perf-<process>.map`, a line for each function with its address, its size, its name.
CPython (`-X perf`), Node and Java's agents write it. Anyone may write into that folder: a file counts only if it
belongs to us or to root and is a plain file, and what it says is a claim of the program's own.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right

from outlive.model.explanation import NativeFrame

_LARGEST = 1 << 27
_PYTHON = "py::"


class GeneratedCode:
    """The functions of one process that no file has."""

    def __init__(self, path: str, rows: list[tuple[int, int, str]]) -> None:
        self._path = path
        self._rows = sorted(rows)
        self._starts = [start for start, _, _ in self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, address: int, *, is_call: bool = True) -> NativeFrame | None:
        """`address` as the process had it. The map is named as the module: it is the one source of this."""
        wanted = address - 1 if is_call else address
        index = bisect_right(self._starts, wanted) - 1
        if index < 0 or wanted >= self._rows[index][0] + self._rows[index][1]:
            return None
        name = self._rows[index][2]
        if name.startswith(_PYTHON):  # "py::function:file", which is CPython's
            function, _, file = name.removeprefix(_PYTHON).partition(":")
            return NativeFrame(self._path, address, function, True, file)
        return NativeFrame(self._path, address, name, True)


def generated_code(process: int, folder: str = "/tmp") -> GeneratedCode:
    """Empty where the process wrote no map, or we may not believe it."""
    path = os.path.join(folder, f"perf-{process}.map")
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return GeneratedCode(path, [])
    with os.fdopen(number, "rb") as file:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode) or about.st_uid not in (0, os.geteuid()):
            return GeneratedCode(path, [])
        data = file.read(_LARGEST)
    return GeneratedCode(path, [row for line in data.split(b"\n") if (row := _row(line)) is not None])


def _row(line: bytes) -> tuple[int, int, str] | None:
    """Later lines may be half written: what is none is passed over."""
    parts = line.split(b" ", 2)
    if len(parts) != 3 or not parts[2].strip():
        return None
    try:
        start, size = int(parts[0], 16), int(parts[1], 16)
    except ValueError:
        return None
    return (start, size, parts[2].decode("utf-8", "replace").strip()) if start > 0 and size > 0 else None
