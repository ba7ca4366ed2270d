"""What a command is before it is started: a native program, one that starts Pythons, and whether the recorder fits in.

Reads the file that would be executed, and nothing else. The recorder is a shared object for this machine and glibc;
preloaded into what cannot load it, it would at best be ignored with a word on the program's stderr, and with another C
library the program would not start. So what does not fit gets no recorder.
"""

from __future__ import annotations

import mmap
import os
import re
import shutil
import stat
import struct
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath

# They start the program that is meant: what they are given decides, not they.
_LAUNCHERS = frozenset(
    {"sh", "dash", "bash", "zsh", "fish", "ksh", "busybox", "env", "nice", "nohup", "timeout", "time", "sudo", "doas",
     "setsid", "stdbuf", "strace", "ltrace", "xargs", "make", "taskset", "chrt", "ionice", "flock", "unshare", "su",
     "runuser", "perf", "gdb", "valgrind", "heaptrack", "uv", "pixi", "docker", "podman", "ssh", "parallel", "watch",
     "script", "screen", "tmux"}
)  # fmt: skip
_PYTHON = re.compile(r"^(?:python|pypy)[\d.]*[a-z]*$")
_MOST_HEADERS = 64
_LOAD_INTERPRETER = 3
_PYTHON_SIGNS = (b"Py_BytesMain\0", b"libpython3")


@dataclass(frozen=True)
class Kind:
    """`is_native`: an executable that is neither a Python nor starts what it is given. `unfit`: why the recorder cannot
    be loaded into it; "" where it can, or where the command is no executable of its own (a script)."""

    is_native: bool
    unfit: str = ""


def kind_of(word: str) -> Kind:
    """Of the first word of a command."""
    path = shutil.which(word)
    if path is None:
        return Kind(False)
    try:
        with open(path, "rb") as file:
            head = file.read(64)
            if head[:4] != b"\x7fELF":
                return Kind(False)
            unfit = _misfit(file.fileno(), path, head)
            return Kind(not _starts_others(path) and not _is_python(file.fileno(), path), unfit)
    except (OSError, struct.error, ValueError):
        return Kind(False)


def _starts_others(path: str) -> bool:
    return PurePath(path).name in _LAUNCHERS or PurePath(os.path.realpath(path)).name in _LAUNCHERS


def _is_python(fd: int, path: str) -> bool:
    """By its name, or because it carries an interpreter or loads one."""
    if _PYTHON.match(PurePath(path).name):
        return True
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(sign) >= 0 for sign in _PYTHON_SIGNS)


def _misfit(fd: int, path: str, head: bytes) -> str:
    if head[:6] != _own_head()[:6] or head[18:20] != _own_head()[18:20]:
        return "it is made for another kind of machine than Outlive is"
    if _has_rights_of_its_own(path):
        return "it runs with another user's rights, and the system preloads nothing into such programs"
    loader = _loader(fd, head)
    if not loader:
        return "it is statically linked: nothing can be loaded into it"
    if "ld-linux" not in loader and "ld64" not in loader:
        return f"it uses another C library than glibc ({PurePath(loader).name})"
    return ""


def _has_rights_of_its_own(path: str) -> bool:
    if os.geteuid() == 0:
        return False
    try:
        return bool(os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID) or os.getxattr(path, "security.capability"))
    except OSError:  # no such attribute
        return False


def _own_head() -> bytes:
    try:
        with Path(sys.executable).open("rb") as file:
            return file.read(64)
    except OSError:
        return b"\x7fELF\x02\x01".ljust(64, b"\0")


def _loader(fd: int, head: bytes) -> str:
    """The path of the loader that the file asks for; "" for none."""
    (offset,) = struct.unpack_from("<Q", head, 0x20)
    size, count = struct.unpack_from("<HH", head, 0x36)
    for at in range(min(count, _MOST_HEADERS)):
        row = os.pread(fd, 56, offset + at * size)
        kind, _, place, _, _, length = struct.unpack_from("<IIQQQQ", row)
        if kind == _LOAD_INTERPRETER:
            return os.pread(fd, min(length, 4096), place).split(b"\0")[0].decode("utf-8", "replace")
    return ""
