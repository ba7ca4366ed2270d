"""Counters that only the child itself can read: Python's objects and blocks, the C heap, asyncio's tasks and timers.

Everything else is read by the parent from outside (`outside`), which disturbs nothing here. Observer effect: what a
reading allocates is gone, or the same, at the next one; the planted controls' blocks and the interpreter's own caches
are taken off the totals.
"""

from __future__ import annotations

from sys import getallocatedblocks

from outlive import _core
from outlive.errors import MeasureError
from outlive.probes import tasks
from outlive.trial import stamping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Inside:
    """The child's own counters. `census` is open to whoever answers the parent's questions about the heap."""

    __slots__ = ("_controls", "census")

    def __init__(self) -> None:
        self._controls = _core.Controls()
        self.census = _core.Census()

    def plant(self) -> None:
        """Plant one leak and one innocent, apart from the scenario: the judge must see the one and clear the other."""
        self._controls.plant()

    def read(self, loop: Any) -> dict[str, Any]:
        """Plain data for the wire: `census`, a frame of bytes; `counts`, by counter name; `own_mapped`, bytes of ours
        among those mapped.
        """
        self.census.take()
        cache_blocks, cache_bytes = self.census.caches
        blocks = getallocatedblocks() - self._controls.blocks - cache_blocks
        counts = {"blocks": blocks, "tasks": tasks.count_tasks()}
        heap = _core.native_heap()
        if heap is not None:
            counts["native"] = heap[0] + heap[1] - cache_bytes
        if loop is not None:
            try:
                counts["timers"] = tasks.count_timers(loop)
            except MeasureError:
                pass  # a loop that does not show its timers (uvloop): the counter is left out, not zero
        return {"census": self.census.frame(), "counts": counts, "own_mapped": stamping.mapped_bytes()}
