"""The same questions to one heap, asked of Outlive, igraph and rustworkx: each in a process of its own.

All start from the same mapped arrays and the same roots, with one node above all roots: 0. A step is timed alone; the
peak is how far the process rose above where it stood when the file was mapped and read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# Edges that are handed to rustworkx at a time: it takes lists of tuples only, and all at once would be its peak.
CHUNK = 500_000


@dataclass
class Heap:
    """What every contestant is given; sizes are bytes by node."""

    edge_start: Array
    targets: Array
    sizes: Array
    roots: Array

    def __len__(self) -> int:
        return len(self.edge_start) - 1


@dataclass
class Clock:
    """Seconds of each step, in order: of the processor, and on the wall.

    On a machine that others use, too, only the former say something about the code: nothing here reads, writes or
    waits. Threads, if a contestant has some, are added up in them.
    """

    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        self.cpu[name], self.wall[name] = time.process_time() - cpu, time.perf_counter() - wall
        return result


def outlive(heap: Heap, clock: Clock) -> Array:
    from outlive.heap.graph import Graph

    graph = clock.step("build", lambda: Graph(heap.edge_start, heap.targets))
    paths = clock.step("paths", lambda: graph.holders(heap.roots))
    dominators = clock.step("dominators", lambda: graph.dominators(heap.roots))
    retained = clock.step("retained", lambda: graph.retained(heap.roots, heap.sizes))
    assert len(paths) == len(retained) == len(heap)  # kept until here, as their user would
    return np.asarray(dominators)


def igraph(heap: Heap, clock: Clock) -> Array:
    """It has no retained sizes: they are left out."""
    import igraph as library

    graph = clock.step("build", lambda: library.Graph(n=len(heap), edges=all_edges(heap), directed=True))
    paths = clock.step("paths", lambda: graph.bfs(0, mode="out"))
    dominators = clock.step("dominators", lambda: graph.dominator(0, mode="out"))
    assert len(paths[2]) == len(heap)
    found = np.array(dominators)
    found[0] = 0
    return np.where(np.isnan(found) | (found < 0), 0xFFFFFFFF, found).astype(np.uint32)


def rustworkx(heap: Heap, clock: Clock) -> Array:
    """It has no retained sizes: they are left out."""
    import rustworkx as library

    graph = clock.step("build", lambda: _rustworkx_graph(library, heap))
    paths = clock.step("paths", lambda: library.bfs_successors(graph, 0))
    dominators = clock.step("dominators", lambda: library.immediate_dominators(graph, 0))
    assert paths
    found = np.full(len(heap), 0xFFFFFFFF, np.uint32)
    found[0] = 0
    for node, dominator in dominators.items():
        found[node] = dominator or 0
    return found


def _rustworkx_graph(library: Any, heap: Heap) -> Any:
    graph = library.PyDiGraph()
    graph.add_nodes_from(range(len(heap)))
    edges = all_edges(heap)
    for begin in range(0, len(edges), CHUNK):
        graph.add_edges_from_no_data(list(map(tuple, edges[begin : begin + CHUNK].tolist())))
    return graph


def all_edges(heap: Heap) -> Array:
    """Rows of source and target, those from 0 to the roots first; references to nothing left out."""
    sources = np.repeat(np.arange(len(heap), dtype=np.uint32), np.diff(heap.edge_start).astype(np.int64))
    kept = heap.targets != 0
    edges = np.empty((len(heap.roots) + int(kept.sum()), 2), np.int64)
    edges[: len(heap.roots), 0] = 0
    edges[: len(heap.roots), 1] = heap.roots
    edges[len(heap.roots) :, 0] = sources[kept]
    edges[len(heap.roots) :, 1] = heap.targets[kept]
    return edges


CONTESTANTS: dict[str, Callable[[Heap, Clock], Array]] = {
    "outlive": outlive,
    "igraph": igraph,
    "rustworkx": rustworkx,
}


def resident(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
