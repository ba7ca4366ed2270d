"""Where much accumulates: an object that retains much while none of its parts does.

Going down the dominator tree from a big object, retained sizes mostly shrink slowly; where they drop at once, from an
object to its largest part, many parts of about one size hang there: a container that collects. (The idea of Eclipse
MAT's accumulation points.) A suspect is no verdict: it is where to look.
"""

from __future__ import annotations

import numpy as np

from outlive.heap.heap import Heap
from outlive.model.heap_summary import Suspect

_SHARE = 0.01  # of all bytes: what retains less is not looked at
_DROP = 0.3  # the largest part retains less than this share
_ALIKE = 20  # so many parts at least
_LOOKED_AT = 2000


def suspects(heap: Heap, most: int) -> tuple[Suspect, ...]:
    """Those that retain most first, at most `most`."""
    retained = heap.keeping.retained
    limit = max(float(retained[0]) * _SHARE, 4096.0)
    large = np.flatnonzero(retained >= limit)
    large = large[large != 0]
    order = large[np.argsort(-retained[large].astype(np.float64), kind="stable")][:_LOOKED_AT]
    found: list[Suspect] = []
    for node in order.tolist():
        if len(found) == most:
            break
        suspect = _accumulates(heap, node)
        if suspect is not None:
            found.append(suspect)
    return tuple(found)


def _accumulates(heap: Heap, node: int) -> Suspect | None:
    parts = heap.dominated(node)
    if len(parts) < _ALIKE or heap.routes.ours[node]:
        return None
    if heap.retained_bytes(parts[0]) > _DROP * heap.retained_bytes(node):
        return None
    holds, count = _mostly(heap, parts)
    if count < _ALIKE or heap.modules.name_of(node) is not None or node in heap.modules.dicts:
        return None  # a module holds all sorts of things
    path = heap.path(node)
    words = path.expression if path is not None else heap.what(node) or heap.type_name(node)
    return Suspect(words, heap.type_name(node), heap.retained_bytes(node), holds, count)


def _mostly(heap: Heap, parts: list[int]) -> tuple[str, int]:
    """The type that accounts for most bytes among the parts, and how many are of it."""
    nodes = np.array(parts)
    kinds, kind_of = np.unique(heap.snapshot.column("type")[nodes], return_inverse=True)
    sizes = np.bincount(kind_of, weights=heap.keeping.retained[nodes])
    largest = int(np.argmax(sizes))
    if kinds[largest] == 0:
        return "", 0  # what is no object
    return heap.snapshot.types[int(kinds[largest])].name, int((kind_of == largest).sum())
