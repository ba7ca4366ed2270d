"""The tree of retained sizes, cut to what a page can carry and packed for the script that draws it.

Kept are the largest blocks, parents always before their children; what is left out of a block is one figure, so
that no area of the map is lost. A block is `[type, label, bytes, retained, objects, children]`, its type a number in
the list of types.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

from outlive.model.heap_summary import Block
from outlive.reports.page.markup import shortened, shown_name

_MOST_BLOCKS = 12_000
_LONGEST_LABEL = 100
# Nobody opens this many boxes, and readers of JSON do not bear any depth.
_DEEPEST = 100


def tree_data(tree: Block) -> dict[str, Any]:
    """`{"types": [...], "root": block}`."""
    types: dict[str, int] = {}
    order = itertools.count()  # ties are broken by age: blocks have no order of their own
    top: list[Any] = []
    waiting = [(-tree.retained_bytes, next(order), tree, top, 0)]
    for _ in range(_MOST_BLOCKS):
        if not waiting:
            break
        _, _, block, beside, depth = heapq.heappop(waiting)
        packed = _packed(block, types)
        beside.append(packed)
        if depth < _DEEPEST:
            for child in block.children:
                heapq.heappush(waiting, (-child.retained_bytes, next(order), child, packed[5], depth + 1))
    return {"types": list(types), "root": top[0]}


def _packed(block: Block, types: dict[str, int]) -> list[Any]:
    kind = types.setdefault(shown_name(shortened(block.type, _LONGEST_LABEL * 2)), len(types))
    label = shown_name(shortened(block.label, _LONGEST_LABEL))
    return [kind, label, block.bytes, block.retained_bytes, block.objects, []]
