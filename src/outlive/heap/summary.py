"""A heap at a glance: biggest types and objects, the dominator tree for a treemap, suspects, garbage, quality.

Everything is bounded, however large the heap: lists by length, the tree by blocks.
"""

from __future__ import annotations

import numpy as np

from outlive.heap.blocks import biggest_blocks, dominator_tree
from outlive.heap.heap import Heap
from outlive.heap.suspects import suspects
from outlive.heap.type_totals import type_totals
from outlive.heap.unexplained import unexplained_references
from outlive.model.heap_summary import Cycle, HeapSummary

_TYPES, _BIGGEST, _SUSPECTS, _CYCLES, _UNEXPLAINED = 200, 50, 20, 50, 50
_CYCLE_TYPES = 8


def summarise(heap: Heap) -> HeapSummary:
    """The summary of a heap. Makes all passes: seconds for millions of objects."""
    snapshot = heap.snapshot
    return HeapSummary(
        path=str(snapshot.path),
        python=snapshot.python_version,
        objects=len(snapshot) - 1,
        references=len(snapshot.column("targets")),
        bytes=int(heap.sizes.sum()),
        quality=str(snapshot.self_check),
        types=type_totals(heap, _TYPES),
        biggest=biggest_blocks(heap, _BIGGEST),
        tree=dominator_tree(heap),
        suspects=suspects(heap, _SUSPECTS),
        cycles=_cycles(heap),
        unexplained=unexplained_references(heap, _UNEXPLAINED),
        facts=dict(snapshot.facts),
    )


def _cycles(heap: Heap) -> tuple[Cycle, ...]:
    found = []
    for garbage in heap.garbage()[:_CYCLES]:
        names, counts = np.unique([heap.type_name(node) for node in garbage.nodes], return_counts=True)
        common = names[np.argsort(-counts, kind="stable")][:_CYCLE_TYPES]
        found.append(Cycle(tuple(str(name) for name in common), len(garbage.nodes), garbage.bytes))
    return tuple(found)
