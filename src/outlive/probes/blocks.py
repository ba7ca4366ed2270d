"""Blocks that Python's allocators have handed out and not got back: `sys.getallocatedblocks()`.

The best single counter of a Python program: it sees every object, and every buffer that Python's own allocators made.
It does not see memory that C code takes from malloc itself, nor a list that grows in place.
"""

from __future__ import annotations

import sys

from outlive.probes.declaration import MICROSECONDS, Probe
from outlive.probes.refusals import OwnProcessOnly

PROBE = Probe(
    "blocks",
    counts="blocks in use from Python's own allocators",
    cost=MICROSECONDS,
    observer_effect="the answer is one more int; walks the arenas (about 0.2 ms at three million objects)",
    other_processes=False,
)


def read(pid: int | None = None) -> dict[str, int]:
    """`blocks` of this process."""
    if pid is not None:
        raise OwnProcessOnly("blocks")
    return {"blocks": sys.getallocatedblocks()}
