"""Exact resident memory: what is the process's alone (USS) and its fair share of the rest (PSS), in KB.

The kernel walks every page table to answer, under the lock that page faults need: milliseconds for a small process,
a good second for tens of GB. So it is read on demand only.
"""

from __future__ import annotations

from outlive.probes import procfs
from outlive.probes.declaration import MILLISECONDS, Probe

PROBE = Probe(
    "uss",
    counts="memory that would be freed if the process ended now (USS) and its fair share (PSS), in KB",
    cost=MILLISECONDS,
    observer_effect="the kernel walks the page tables; the process's page faults wait meanwhile",
    other_processes=True,
    on_demand=True,
)


def read(pid: int | None = None) -> dict[str, int]:
    """USS (private clean + private dirty + private huge pages) and PSS in KB, from smaps_rollup."""
    unique, shared = 0, 0
    for line in procfs.read(pid, "smaps_rollup", "the page accounts").split(b"\n"):
        name, _, rest = line.partition(b":")
        if name in (b"Private_Clean", b"Private_Dirty", b"Private_Hugetlb"):
            unique += int(rest.split()[0])
        elif name == b"Pss":
            shared = int(rest.split()[0])
    return {"uss": unique, "pss": shared}
