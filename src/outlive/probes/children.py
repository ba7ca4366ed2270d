"""Child processes, zombies included: who they are and whether they still run.

A zombie has ended and nobody asked how: it keeps a process number until its parent does, and the numbers end at some
ten thousands. Kernels built with CONFIG_PROC_CHILDREN list children per thread; elsewhere all of /proc is looked
through, which costs a read per process of the machine. In our own process the usual answer, none, is one call.
"""

from __future__ import annotations

import os

from outlive.errors import MeasureError
from outlive.probes import procfs
from outlive.probes.declaration import PER_ITEM, Probe
from outlive.probes.row import Row

PROBE = Probe(
    "children",
    counts="direct child processes, by state (running, zombie)",
    cost=PER_ITEM,
    observer_effect="reaps nothing; where the kernel keeps no list of children, reads every process's stat",
    other_processes=True,
)

_ANY_KIND = 0x40000000  # __WALL: children made by clone() without SIGCHLD too


class Child(Row):
    """One child. `state` is "zombie" when it has ended and nobody has asked for its status, else "running"."""

    __slots__ = ("name", "pid", "state")
    pid: int
    name: str
    state: str

    def __init__(self, pid: int, name: str, state: str) -> None:
        self._fill(name, pid, state)


def read(pid: int | None = None) -> dict[str, int]:
    """`children` (all direct ones) and, of these, `zombies`."""
    states = count_by_state(pid)
    return {"children": sum(states.values()), "zombies": states.get("zombie", 0)}


def count_by_state(pid: int | None = None) -> dict[str, int]:
    """Direct children by state; states without any are left out."""
    counts: dict[str, int] = {}
    for child in list_children(pid):
        counts[child.state] = counts.get(child.state, 0) + 1
    return counts


def list_children(pid: int | None = None) -> list[Child]:
    """Every direct child, in the order of their numbers.

    A child that was made to end without a signal is none: no `wait` of the program would see it. Such are the copies
    of a process that are made to be looked at.
    """
    if pid is None and not _has_any():
        return []
    rows = []
    for number in _numbers(pid):
        try:
            fields = procfs.stat_fields(number)
            if fields[procfs.EXIT_SIGNAL] == b"0":
                continue
            rows.append(Child(number, procfs.process_name(number), _state(fields)))
        except MeasureError:
            pass  # reaped since the listing
    return rows


def _state(fields: list[bytes]) -> str:
    return "zombie" if fields[procfs.STATE] in (b"Z", b"X") else "running"


def _has_any() -> bool:
    """Whether our own process has children: asks about an ended one, leaves it as it is."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _ANY_KIND)
    except ChildProcessError:
        return False
    except OSError:
        pass  # a kernel that does not know the flag: look properly
    return True


def _numbers(pid: int | None) -> list[int]:
    threads = procfs.names(pid, "task", "the threads")
    listed: list[int] = []
    for tid in threads:
        path = f"{procfs.folder(pid)}/task/{tid}/children"
        try:
            with procfs.chunks(path, pid, "the children") as file:
                whole = file.next()
                while piece := file.next():
                    whole += piece
        except MeasureError:
            if not os.path.exists(path) and os.path.exists(os.path.dirname(path)):
                return _numbers_by_parent(pid)
            continue  # the thread ended since the listing
        listed += [int(number) for number in whole.split()]
    return sorted(listed)


def _numbers_by_parent(pid: int | None) -> list[int]:
    parent = str(os.getpid() if pid is None else pid).encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            if procfs.stat_fields(int(name))[procfs.PARENT] == parent:
                found.append(int(name))
        except MeasureError:
            pass  # ended since the listing
    return sorted(found)
