"""Objects by what they retain: a list of the biggest, and the dominator tree cut down to what a treemap can show."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from outlive.heap.heap import Heap
from outlive.model.heap_summary import Block

# Measured on 5 M objects (benches/README.md): with fewer, what is left out is the biggest box of the map.
_TREE_BLOCKS = 12_000
_CHILDREN = 400  # of one block; the rest is told as one
_SMALLEST_SHARE = 0.0001  # of all bytes: a smaller block is not seen
_NEARLY = 0.98  # all of it but what nobody would miss


def biggest_blocks(heap: Heap, most: int) -> tuple[Block, ...]:
    """The objects that retain most, none of them inside another of the list unless it is much of it."""
    retained = heap.keeping.retained
    order = np.argsort(-retained[1:].astype(np.float64), kind="stable")[: most * 4] + 1
    counts = dominated_counts(heap)
    found: list[Block] = []
    for node in order.tolist():
        if _only_wraps(heap, node) or _only_leads(heap, node) or heap.routes.ours[node]:
            continue
        found.append(_block(heap, node, _expression(heap, node), int(counts[node]), ()))
        if len(found) == most:
            break
    return tuple(found)


def dominator_tree(heap: Heap) -> Block:
    """The dominator tree from above, bounded: the largest blocks are opened first."""
    counts = dominated_counts(heap)
    total = int(heap.keeping.retained[0])
    smallest = max(1, int(total * _SMALLEST_SHARE))
    children: dict[int, list[int]] = {}
    waiting, left = [(-total, 0)], _TREE_BLOCKS
    while waiting and left > 0:
        _, node = heapq.heappop(waiting)
        children[node] = _inside(heap, node, smallest)[:left]
        left -= len(children[node])
        for one in children[node]:
            heapq.heappush(waiting, (-heap.retained_bytes(one), one))
    return _tree_of(heap, children, counts, total)


def _inside(heap: Heap, node: int, smallest: int) -> list[int]:
    """What is seen inside a block, largest first. Nobody needs to open the dict of an object's attributes, or a module
    that is nearly all one thing: what they hold stands in their place."""
    found: list[int] = []
    waiting = [node]
    while waiting:
        owner = waiting.pop()
        for one in heap.dominated(owner)[:_CHILDREN]:
            if heap.retained_bytes(one) < smallest:
                break
            passed_over = _only_leads(heap, one) or (owner != 0 and heap.values.instance_dict(owner) == one)
            (waiting if passed_over else found).append(one)
    return sorted(found, key=lambda one: (-heap.retained_bytes(one), one))[:_CHILDREN]


def _tree_of(heap: Heap, children: dict[int, list[int]], counts: npt.NDArray[np.int64], total: int) -> Block:
    """From the leaves up: a block is made after its children, without recursion."""
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(children.get(node, ()))
    labels = {one: label for node in order for one, label in _labels(heap, node, children.get(node, [])).items()}
    made: dict[int, Block] = {}
    for node in reversed(order[1:]):
        below = tuple(made[one] for one in children.get(node, ()))
        made[node] = _block(heap, node, labels[node], int(counts[node]), below)
    below = tuple(made[one] for one in children.get(0, ()))
    return Block(0, "", "all", 0, total, len(heap) - 1, below)


def dominated_counts(heap: Heap) -> npt.NDArray[np.int64]:
    """How many objects each keeps alive, itself among them."""
    ones = np.ones(len(heap), dtype=np.uint64)
    return np.asarray(heap.graph.retained(heap.keeping.roots, ones)).astype(np.int64)


def _block(heap: Heap, node: int, label: str, objects: int, children: tuple[Block, ...]) -> Block:
    return Block(node, heap.type_name(node), label, heap.size(node), heap.retained_bytes(node), objects, children)


def _only_wraps(heap: Heap, node: int) -> bool:
    """Does its dominator retain little more (an instance above its dict)? Then that one is told. A module is not told
    for what hangs on one of its globals: nobody can let go of a module."""
    owner = heap.dominator(node)
    return (
        owner != 0 and not _is_module(heap, owner) and heap.retained_bytes(owner) * _NEARLY < heap.retained_bytes(node)
    )


def _only_leads(heap: Heap, node: int) -> bool:
    """Is it a module, or the dict of its globals, and nearly all that it retains one thing inside?"""
    if not _is_module(heap, node):
        return False
    below = heap.dominated(node)
    return bool(below) and heap.retained_bytes(below[0]) > heap.retained_bytes(node) * _NEARLY


def _is_module(heap: Heap, node: int) -> bool:
    return node in heap.modules.dicts or heap.modules.name_of(node) is not None


def _expression(heap: Heap, node: int) -> str:
    if node in heap.modules.dicts:
        return heap.modules.dicts[node]  # its globals are what a module is to a reader
    path = heap.path(node)
    return path.expression if path is not None else heap.what(node) or heap.type_name(node)


def _labels(heap: Heap, block: int, nodes: list[int]) -> dict[int, str]:
    """How each hangs on its block: by the reference, when its dominator itself has it; else by its name.

    For all at once: a dominator may have millions of references, and they are looked through only once.
    """
    if block == 0:
        return {node: _expression(heap, node) for node in nodes}
    found: dict[int, str] = {}
    mapping = heap.values.instance_dict(block)
    for owner in (block, mapping) if mapping else (block,):
        for node, position in _positions(heap, owner, nodes).items():
            label = heap.label(owner, position).text
            found[node] = _as_attribute(label) if owner == mapping or owner in heap.modules.dicts else label
    return {node: found[node] if node in found else _last_label(heap, node) for node in nodes}


def _positions(heap: Heap, owner: int, nodes: list[int]) -> dict[int, int]:
    """The first place of each among the owner's references."""
    start, end = heap.snapshot.column("edge_start")[owner : owner + 2].tolist()
    targets = heap.snapshot.column("targets")[start:end]
    places = np.flatnonzero(np.isin(targets, np.array(nodes, dtype=targets.dtype)))
    return dict(zip(targets[places][::-1].tolist(), places[::-1].tolist()))


def _as_attribute(item: str) -> str:
    """`['name']` in the dict of an object's attributes, or of a module's globals, is `.name`."""
    name = item[2:-2]
    return f".{name}" if item == f"['{name}']" and name.isidentifier() else item


def _last_label(heap: Heap, node: int) -> str:
    path = heap.path(node)
    return path.steps[-1].label if path is not None else heap.what(node) or heap.type_name(node)
