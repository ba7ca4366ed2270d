"""Memory mappings of a process, by kind: file, anonymous, heap, stack, memfd, deleted-file, special.

The system allows some 65,530 per process (vm.max_map_count); a program that maps and forgets fails at that wall long
before memory ends.
"""

from __future__ import annotations

from outlive.probes import procfs
from outlive.probes.declaration import PER_ITEM, Probe

PROBE = Probe(
    "mappings",
    counts="memory mappings, by kind",
    cost=PER_ITEM,
    observer_effect="reads the list in pieces, so that reading makes no mapping; holds the map lock for short times",
    other_processes=True,
)


def read(pid: int | None = None) -> dict[str, int]:
    """`mappings`: how many there are."""
    return {"mappings": sum(count_by_kind(pid).values())}


def count_by_kind(pid: int | None = None) -> dict[str, int]:
    """Mappings by kind; kinds without any are left out."""
    counts: dict[str, int] = {}
    unfinished = b""
    with procfs.chunks(f"{procfs.folder(pid)}/maps", pid, "the mappings") as file:
        while piece := file.next():
            lines = (unfinished + piece).split(b"\n")
            unfinished = lines.pop()
            for line in lines:
                kind = _kind(line)
                counts[kind] = counts.get(kind, 0) + 1
    return counts


def _kind(line: bytes) -> str:
    """One line is `range perms offset device inode [name]`; the name may hold spaces."""
    parts = line.split(None, 5)
    name = parts[5] if len(parts) == 6 else b""
    if not name or name.startswith(b"[anon"):
        return "anonymous"
    if name == b"[heap]":
        return "heap"
    if name.startswith(b"[stack"):
        return "stack"
    if name.startswith(b"["):
        return "special"
    if name.startswith(b"/memfd:"):
        return "memfd"
    return "deleted-file" if name.endswith(b" (deleted)") else "file"
