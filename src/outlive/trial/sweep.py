"""Ending every process that a trial started, however it tried to get away.

Two nets. The mark: an environment variable with a random value, which every descendant inherits and which stays
readable even after `setsid` and double forks. Adoption: while a trial runs, our process is its *subreaper*, so that
orphans become our children instead of init's; that catches those that were started with a cleaned environment. A
process that some other thread of ours starts meanwhile is told apart by its session: descendants of the child live in
the child's session or in one of their own, never in ours.
"""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

from outlive.errors import MeasureError
from outlive.lifetimes.patience import now
from outlive.probes import children, procfs
from outlive.trial.launch import MARK_VARIABLE

_SET_SUBREAPER, _GET_SUBREAPER = 36, 37
_SESSION = 3
_LONGEST_SECONDS = 3.0


class Adoption:
    """Our process adopts orphans from `begin` to `stop`; knows the children that it had before."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._before = frozenset(child.pid for child in children.list_children())
        self._adopted_already = self._flag()
        self._libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)

    def stop(self) -> None:
        self._libc.prctl(_SET_SUBREAPER, self._adopted_already, 0, 0, 0)

    def adopted(self, mark: str) -> list[int]:
        """Children of ours that are orphans of the trial `mark`."""
        own_session = os.getsid(0)
        return [
            child.pid
            for child in children.list_children()
            if child.pid not in self._before
            and _session_of(child.pid) not in (None, own_session)
            and _mark_of(child.pid) in (None, mark)
        ]

    def _flag(self) -> int:
        flag = ctypes.c_int(0)
        self._libc.prctl(_GET_SUBREAPER, ctypes.byref(flag), 0, 0, 0)
        return flag.value


def end_all(mark: str, adoption: Adoption) -> int:
    """Kill and reap until nothing of the trial is left, for three seconds at most; how many are left."""
    end = now() + _LONGEST_SECONDS
    while True:
        orphans = adoption.adopted(mark)
        found = {*marked(mark), *orphans}
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            _reap(pid)
        if not found or now() > end:
            return len(found)
        # Nothing tells us when somebody else's child is gone; a killed process takes well under a millisecond.
        os.sched_yield()


def marked(mark: str) -> list[int]:
    """Living processes whose environment carries the mark."""
    own = os.getpid()
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in numbers if pid != own and _mark_of(pid) == mark]


def _mark_of(pid: int) -> str | None:
    """The trial that a process belongs to by its environment; zombies have none."""
    try:
        whole = procfs.read(pid, "environ")
    except MeasureError:
        return None
    for pair in whole.split(b"\0"):
        name, _, value = pair.partition(b"=")
        if name == MARK_VARIABLE.encode():
            return value.decode("ascii", "replace")
    return None


def _session_of(pid: int) -> int | None:
    try:
        return int(procfs.stat_fields(pid)[_SESSION])
    except MeasureError:
        return None


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
