"""What keeps what alive: dominators, retained sizes, and what nothing keeps.

An object that native code holds counts as a root here, whatever else holds it: freeing its Python holders would not
free it, so no retained size says more than would come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.heap.graph import NOT_REACHED, Graph
from outlive.heap.routes import Routes
from outlive.heap.rows import Rows


@dataclass(frozen=True)
class Garbage:
    """Objects that hold each other and that nothing alive holds, with what hangs on them."""

    nodes: tuple[int, ...]
    bytes: int


class Keeping:
    """Dominators by node, and sums over them. Each pass is made when it is asked for, and kept."""

    def __init__(self, graph: Graph, rows: Rows, routes: Routes, sizes: npt.NDArray[np.uint64]) -> None:
        self._graph = graph
        self._rows = rows
        self._routes = routes
        self._sizes = sizes

    @property
    def roots(self) -> npt.NDArray[np.uint32]:
        return self._routes.all_roots

    @cached_property
    def dominators(self) -> npt.NDArray[np.uint32]:
        return self._graph.dominators(self.roots)

    @cached_property
    def retained(self) -> npt.NDArray[np.uint64]:
        """Bytes by node; of garbage, its own."""
        found = np.array(self._graph.retained(self.roots, self._sizes), dtype=np.uint64)
        dead = self.dominators == NOT_REACHED
        found[dead] = self._sizes[dead]
        return found

    def dominator(self, node: int) -> int:
        found = int(self.dominators[node])
        return 0 if found == NOT_REACHED else found

    @cached_property
    def _by_dominator(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Nodes sorted by dominator, and by what they retain, most first; and each one's dominator."""
        order = np.lexsort((np.iinfo(np.uint64).max - self.retained, self.dominators))
        return order, self.dominators[order]

    def dominated(self, node: int) -> list[int]:
        order, owners = self._by_dominator
        # Of the column's own kind: for plain numbers numpy would first convert the whole column, each time.
        first, end = np.searchsorted(owners, np.array([node, node + 1], dtype=owners.dtype)).tolist()
        return [one for one in order[first:end].tolist() if one != 0]

    # ---- garbage ---------------------------------------------------------------------------------------------------

    @cached_property
    def garbage(self) -> list[Garbage]:
        dead = self.dominators == NOT_REACHED
        dead[0] = False
        # Only what the collector must break: whatever else is unreached is held by such a thing, or is Outlive's own.
        nodes = np.flatnonzero(dead & ~self._routes.ours & (self._rows.snapshot.column("type") != 0))
        groups: dict[int, list[int]] = {}
        for node, group in zip(nodes.tolist(), self._groups(nodes).tolist()):
            groups.setdefault(group, []).append(node)
        found = [Garbage(tuple(group), int(self._sizes[group].sum())) for group in groups.values()]
        return sorted(found, key=lambda one: (-one.bytes, one.nodes))

    def _groups(self, nodes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Numbers that are equal for those that hang together, whichever way: the lowest spreads until none changes."""
        place = np.full(len(self._rows), -1, dtype=np.int64)
        place[nodes] = np.arange(len(nodes))
        starts = self._rows.snapshot.column("edge_start").astype(np.int64)
        counts = starts[nodes + 1] - starts[nodes]
        sources = np.repeat(np.arange(len(nodes)), counts)
        offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        targets = place[self._rows.snapshot.column("targets")[np.repeat(starts[nodes], counts) + offsets]]
        inside = targets >= 0
        sources, targets = sources[inside], targets[inside]
        group = np.arange(len(nodes))
        while True:
            before = group.copy()
            np.minimum.at(group, sources, group[targets])
            np.minimum.at(group, targets, group[sources])
            group = group[group]  # jump: long chains settle in few rounds
            if np.array_equal(before, group):
                return group
