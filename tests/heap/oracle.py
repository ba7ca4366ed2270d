"""Small random heaps, and the same questions answered by brute force: slow, short and beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from outlive.heap.graph import Graph, Nodes

NODES_MAX = 12


@dataclass(frozen=True)
class Heap:
    """References of each node in their order; 0 is an empty slot. Row 0 is nothing."""

    references: tuple[tuple[int, ...], ...]
    roots: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.references)

    @property
    def graph(self) -> Graph:
        starts = np.cumsum([0, *map(len, self.references)]).astype(np.uint64)
        targets = [target for row in self.references for target in row]
        return Graph(starts, np.array(targets, np.uint32))

    @property
    def edges(self) -> list[tuple[int, int]]:
        return [(node, target) for node, row in enumerate(self.references) for target in row if target]

    def reached(self, *, without: int = 0, cuts: frozenset[tuple[int, int]] = frozenset()) -> set[int]:
        """Closure from the roots, `without` one node and without some references."""
        found = {root for root in self.roots if root not in (0, without)}
        while True:
            more = {v for u, v in self.edges if u in found and v != without and (u, v) not in cuts} - found
            if not more:
                return found
            found |= more


@st.composite
def heaps(draw: st.DrawFn) -> Heap:
    """With self-loops, parallel references, empty slots, parts that nothing reaches; or with no node at all."""
    count = draw(st.integers(0, NODES_MAX))
    node = st.integers(0, count)
    rows = [draw(st.lists(node, max_size=4)) for _ in range(count)]
    roots = draw(st.lists(node, max_size=3))
    return Heap(((), *map(tuple, rows)), tuple(roots))


def heap_of(references: dict[int, list[int]], *, roots: list[int]) -> Heap:
    """Written by hand: {1: [2, 3]} says that 1 refers to 2 and 3."""
    count = max([*references, *roots, *(target for row in references.values() for target in row)], default=0)
    return Heap(tuple(tuple(references.get(node, ())) for node in range(count + 1)), tuple(roots))


def chain(length: int) -> Graph:
    """1 refers to 2, 2 to 3, and so on: as deep as it is long."""
    starts = np.concatenate([[0, 0], np.arange(1, length), [length - 1]]).astype(np.uint64)
    return Graph(starts, np.arange(2, length + 1, dtype=np.uint32))


def rows(array: Nodes) -> list[int]:
    return [int(number) for number in array]
