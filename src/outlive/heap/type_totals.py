"""How much each type accounts for: its objects, their bytes, and what they keep alive together, counted once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outlive.heap.graph import NOT_REACHED, Graph
from outlive.heap.heap import Heap
from outlive.model.heap_summary import TypeTotal


def type_totals(heap: Heap, most: int) -> tuple[TypeTotal, ...]:
    """Those that retain most first, at most `most`."""
    names, number = _numbered(heap)
    types = number[heap.snapshot.column("type")]
    counts = np.bincount(types, minlength=len(names))
    sizes = np.bincount(types, weights=heap.sizes, minlength=len(names))
    top = _topmost(heap, types)
    retained = np.bincount(types[top], weights=heap.keeping.retained[top], minlength=len(names))
    rows = [
        TypeTotal(names[kind], int(counts[kind]), int(sizes[kind]), int(retained[kind]))
        for kind in np.argsort(-retained, kind="stable").tolist()
        if kind != 0 and counts[kind]
    ]
    return tuple(rows[:most])


def _numbered(heap: Heap) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Names of types, and by node of a type the number of its name: several classes may have the same one."""
    names, known = [""], {"": 0}
    number = np.zeros(len(heap), dtype=np.int32)
    for row in heap.snapshot.types.values():
        if row.name not in known:
            known[row.name] = len(names)
            names.append(row.name)
        number[row.node] = known[row.name]
    return names, number


def _topmost(heap: Heap, types: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which nodes have no node of the same type above them in the dominator tree: what those retain is not inside
    another's."""
    dominators = heap.keeping.dominators.copy()
    dominators[dominators == NOT_REACHED] = 0
    top: npt.NDArray[np.bool_] = ~_nested(dominators, types)
    top[0] = False
    return top


# A chain of dominators is looked along for so many steps; a longer one of other types between two of one type is rare.
_STEPS = 64


def _nested(dominators: npt.NDArray[np.uint32], types: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which nodes have one of their own type above them.

    Between two of one type only stand types of the same circle, so a chain ends where it leaves its circle.
    """
    found = np.zeros(len(dominators), dtype=bool)
    circle = _circles(dominators, types)[types]
    circle[0] = 0  # above everything is no object: chains end there
    waiting = np.flatnonzero((dominators != 0) & (circle != 0)).astype(np.uint32)
    above = dominators[waiting]
    for _ in range(_STEPS):
        inside = circle[above] == circle[waiting]
        waiting, above = waiting[inside], above[inside]
        same = types[above] == types[waiting]
        found[waiting[same]] = True
        waiting, above = waiting[~same], dominators[above[~same]]
        if len(waiting) == 0:
            break
    return found


def _circles(dominators: npt.NDArray[np.uint32], types: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """By type the number of its circle: of types that dominate each other, around some corners; 0 where there is
    none, as for strings, which dominate nothing."""
    kinds = int(types.max()) + 1
    nodes = np.flatnonzero(dominators)
    pairs = np.unique(types[dominators[nodes]].astype(np.int64) * kinds + types[nodes])
    above, below = pairs // kinds, pairs % kinds
    # Row 0 of a graph is "nothing": types stand one further on.
    starts = np.concatenate([[0], np.searchsorted(above, np.arange(kinds + 1))]).astype(np.uint64)
    number = Graph(starts, (below + 1).astype(np.uint32)).components[1:].copy()
    in_circle = np.zeros(kinds, dtype=bool)
    in_circle[above[number[above] == number[below]]] = True
    number[~in_circle] = 0
    return number
