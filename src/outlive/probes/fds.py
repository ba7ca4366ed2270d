"""Open file descriptors by kind and target: what /proc/PID/fd links to.

The link's text decides, never a stat() of the file behind it: on a dead network mount that would block for minutes.
The price: a folder or a named pipe, opened by its path, reads as "file".

Our own folder descriptor is not counted. Listing /proc/self/fd needs one, which the listing itself shows; it is closed
before the links are read, and a link that is no longer there is left out.
"""

from __future__ import annotations

import os

from outlive.probes import procfs
from outlive.probes.declaration import PER_ITEM, Probe
from outlive.probes.row import Row

PROBE = Probe(
    "fds",
    counts="open file descriptors, by kind and target",
    cost=PER_ITEM,
    observer_effect="one folder descriptor while it lists, itself not counted",
    other_processes=True,
)

# What the kernel calls its anonymous inodes, in the words of their man pages.
_ANONYMOUS = {
    "eventpoll": "epoll",
    "io_uring": "io-uring",
    "perf_event": "perf-event",
    "userfaultfd": "userfaultfd",
    "bpf-map": "bpf",
    "bpf-prog": "bpf",
    "bpf_link": "bpf",
    "btf": "bpf",
}
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts")


class Descriptor(Row):
    """One open descriptor: its number, its kind and what it points to, in the kernel's words."""

    __slots__ = ("kind", "number", "target")
    number: int
    kind: str
    target: str

    def __init__(self, number: int, kind: str, target: str) -> None:
        self._fill(kind, number, target)


def read(pid: int | None = None) -> dict[str, int]:
    """`fds` (all), and of these `files` (deleted ones too), `sockets` and `pipes`."""
    kinds = count_by_kind(pid)
    return {
        "fds": sum(kinds.values()),
        "files": kinds.get("file", 0) + kinds.get("deleted-file", 0),
        "sockets": kinds.get("socket", 0),
        "pipes": kinds.get("pipe", 0),
    }


def count_by_kind(pid: int | None = None) -> dict[str, int]:
    """Open descriptors by kind; kinds without any are left out."""
    counts: dict[str, int] = {}
    for _, target in _links(pid):
        kind = kind_of(target)
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def list_open(pid: int | None = None) -> list[Descriptor]:
    """Every open descriptor, in the order of their numbers."""
    return [Descriptor(number, kind_of(target), target) for number, target in sorted(_links(pid))]


def kind_of(target: str) -> str:
    """The kind that a link's text stands for: "socket:[8512]" is a "socket"."""
    if target.startswith("/"):
        return _kind_of_path(target)
    prefix, _, rest = target.partition(":")
    if prefix == "anon_inode":
        name = rest.strip("[]")
        return _ANONYMOUS.get(name, name or "anonymous")
    return "namespace" if prefix in _NAMESPACES else prefix


def _kind_of_path(target: str) -> str:
    if target.startswith("/memfd:"):
        return "memfd"
    if target.startswith("/dev/") and not target.startswith(("/dev/shm/", "/dev/mqueue/", "/dev/hugepages/")):
        return "device"
    return "deleted-file" if target.endswith(" (deleted)") else "file"


def _links(pid: int | None) -> list[tuple[int, str]]:
    where = f"{procfs.folder(pid)}/fd"
    links = []
    for name in procfs.names(pid, "fd", "the open files"):
        try:
            links.append((int(name), os.readlink(f"{where}/{name}")))
        except OSError:
            pass  # closed since the listing; ours always is
    return links
