"""Reading /proc/PID: small files whole, folders as names, and the one line of `stat` in fields.

Knows how to read and how a read fails; what the words mean is known by the probes. Plain descriptors and bytes, no
file objects: what a reading allocates is gone when it returns, and one descriptor is open while it lasts.
"""

from __future__ import annotations

import os

from outlive.probes.refusals import ProcessGone, refusal

_CHUNK_BYTES = 32 * 1024  # below malloc's mmap threshold: reading must not make mappings of its own

# Fields of /proc/PID/stat, counted from the state (field 3 of proc(5)), so that field N stands at N - 3.
STATE, PARENT, FLAGS, MINOR_FAULTS, MAJOR_FAULTS, THREADS, START_TICKS, EXIT_SIGNAL = 0, 1, 6, 7, 9, 17, 19, 35

_KERNEL_THREAD = 0x00200000  # PF_KTHREAD, one of the flags


def folder(pid: int | None) -> str:
    """The process's folder; None is this process."""
    return "/proc/self" if pid is None else f"/proc/{pid}"


def chunks(path: str, pid: int | None, what: str) -> Chunks:
    """Open `path` for reading piece by piece; a context manager, so that its descriptor is closed at once."""
    return Chunks(path, pid, what)


class Chunks:
    """The pieces of one file. OSErrors come out as refusals."""

    __slots__ = ("_descriptor", "_pid", "_what")

    def __init__(self, path: str, pid: int | None, what: str) -> None:
        self._pid, self._what = pid, what
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise refusal(error, pid, what) from None

    def next(self) -> bytes:
        """The next piece, or b"" at the end."""
        try:
            return os.read(self._descriptor, _CHUNK_BYTES)
        except OSError as error:
            raise refusal(error, self._pid, self._what) from None

    def __enter__(self) -> Chunks:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)


def read(pid: int | None, name: str, what: str = "") -> bytes:
    """The whole of /proc/PID/NAME. Raises a refusal that says `what` could not be read."""
    with chunks(f"{folder(pid)}/{name}", pid, what or name) as file:
        whole = file.next()
        while piece := file.next():
            whole += piece
    return whole


def names(pid: int | None, name: str, what: str = "") -> list[str]:
    """The entries of the folder /proc/PID/NAME."""
    try:
        return os.listdir(f"{folder(pid)}/{name}")
    except OSError as error:
        raise refusal(error, pid, what or name) from None


def stat_fields(pid: int | None) -> list[bytes]:
    """The fields of /proc/PID/stat from the state on. A name may hold spaces and parentheses: the last one ends it."""
    return read(pid, "stat").rpartition(b")")[2].split()


def process_name(pid: int | None) -> str:
    """The short name (`comm`) of a process or, as `PID/task/TID`, of a thread."""
    return read(pid, "comm", "the name").decode("utf-8", "backslashreplace").rstrip("\n")


def start_ticks(pid: int) -> int:
    """When the process began, in clock ticks since boot: with the pid, its identity."""
    return int(stat_fields(pid)[START_TICKS])


def refuse_another(pid: int, ticks: int) -> None:
    """Raise ProcessGone unless `pid` is still the process that began at `ticks`, and alive.

    Asked *after* a reading: a pid that is the same afterwards was the same all along.
    """
    fields = stat_fields(pid)
    if int(fields[START_TICKS]) != ticks:
        raise ProcessGone(pid, why="its number now belongs to another process, which began later")
    if fields[STATE] in (b"Z", b"X"):
        raise ProcessGone(pid, why="it has ended; its parent has not yet asked for its exit status")


def is_kernel_thread(fields: list[bytes]) -> bool:
    """Whether these `stat` fields are a kernel thread's, which has no memory of its own."""
    return bool(int(fields[FLAGS]) & _KERNEL_THREAD)
