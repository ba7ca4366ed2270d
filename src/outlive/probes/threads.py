"""Threads of a process: how many the system runs, their names, and which of our own Python knows.

The system's list is the truth; names are cut to 15 bytes there. In our own process a thread that `threading` started
also has its full name. Python's own list of running frames is not asked: on 3.11+ it makes a frame object for every
thread, which then lives as long as that frame runs.
"""

from __future__ import annotations

import sys

from outlive.errors import MeasureError
from outlive.probes import procfs
from outlive.probes.declaration import MICROSECONDS, Probe
from outlive.probes.row import Row

PROBE = Probe(
    "threads",
    counts="threads, native ones included, with their names",
    cost=MICROSECONDS,
    observer_effect="opens one descriptor for as long as it reads; takes no lock of `threading`",
    other_processes=True,
)


class Thread(Row):
    """One thread. `python_name` is None where Python does not know it, or where the process is not ours."""

    __slots__ = ("name", "python_name", "tid")
    tid: int
    name: str
    python_name: str | None

    def __init__(self, tid: int, name: str, python_name: str | None) -> None:
        self._fill(name, python_name, tid)


def read(pid: int | None = None) -> dict[str, int]:
    """`threads`: how many there are, the main one included."""
    return {"threads": count(pid)}


def count(pid: int | None = None) -> int:
    """How many threads the system runs for the process; one system call pair, however many there are."""
    return int(procfs.stat_fields(pid)[procfs.THREADS])


def count_python() -> int:
    """Threads of our own process that Python started, and the main one.

    It does not see threads that C code started and that only visit Python.
    """
    import _thread

    return 1 + _thread._count()


def list_running(pid: int | None = None) -> list[Thread]:
    """Every thread, in the order in which they began."""
    known = _python_names() if pid is None else {}
    rows = []
    for tid in sorted(int(name) for name in procfs.names(pid, "task", "the threads")):
        try:
            name = procfs.read(pid, f"task/{tid}/comm", "the name of a thread")
        except MeasureError:
            continue  # ended since the listing
        rows.append(Thread(tid, name.decode("utf-8", "backslashreplace").rstrip("\n"), known.get(tid)))
    return rows


def _python_names() -> dict[int, str]:
    """Full names by native id, from a copy of `threading`'s own table: its lock may be held by who called us."""
    threading = sys.modules.get("threading")
    if threading is None:
        return {}
    running = list(threading._active.values())
    return {thread.native_id: thread.name for thread in running if thread.native_id is not None}
