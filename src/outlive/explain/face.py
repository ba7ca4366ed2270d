"""A snapshot's heap, answering what explaining asks. The only file of this room that knows `outlive.heap`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from outlive.explain.asked import AskedCycle, AskedPath, AskedReference
from outlive.heap import rows as layout_of
from outlive.heap.heap import Heap
from outlive.heap.roots import RootKind

# Modules whose functions stand below what a thread was started for.
_STARTERS = ("threading", "_thread")

_COLLECTIONS = ("list", "tuple", "set", "frozenset", "collections.deque")


@dataclass(frozen=True)
class RunningThread:
    """Answers `AskedThread`."""

    thread_object: int
    entry: str


@dataclass(frozen=True)
class Ring:
    """Answers `AskedCycle`."""

    heap: Heap
    through: int
    nodes: tuple[int, ...]

    def hops(self) -> Sequence[tuple[str, str, int]]:
        return self.heap.routes.path_along([self.through, *self.nodes], RootKind.NATIVE).hops()[1:]


class Face:
    """Answers `AskedHeap` for one `Heap`. Remembers the bases of types, which are asked again and again."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap
        self._kinds: dict[tuple[int, str], tuple[str, ...]] = {}

    def type_name(self, node: int) -> str:
        return self._heap.type_name(node)

    def type_node(self, node: int) -> int:
        return self._heap.rows.type_node(node)

    def kinds(self, node: int) -> tuple[str, ...]:
        """Names of its class and the class's bases; a pseudo-node has its kind alone."""
        own, type_node = self._heap.type_name(node), self.type_node(node)
        known = self._kinds.get((type_node, own))
        if known is None:
            bases = self._heap.rows.mro(type_node)[1:] if type_node else []
            known = (own, *(self._heap.rows.class_name(base) for base in bases))
            self._kinds[type_node, own] = known
        return known

    def what(self, node: int) -> str:
        return self._heap.what(node)

    def text(self, node: int) -> str | None:
        return self._heap.text(node)

    def state(self, node: int) -> Any:
        return self._heap.state(node)

    def attribute(self, node: int, name: str) -> int:
        return self._heap.attribute(node, name)

    def attributes(self, node: int) -> Mapping[str, int]:
        return self._heap.attributes(node)

    def elements(self, node: int) -> Iterator[int]:
        """Elements of a collection, values of a dict; nothing of what is none."""
        kinds = self.kinds(node)
        if "dict" in kinds:
            return (value for _, value in self._heap.items(node) if value)
        return iter(self._heap.elements(node) if any(kind in _COLLECTIONS for kind in kinds) else ())

    def length(self, node: int) -> int:
        """How many elements or items a collection has; counted in the columns, for there may be millions."""
        kinds = self.kinds(node)
        if not any(kind in ("dict", *_COLLECTIONS) for kind in kinds):
            return 0
        rows, starts = self._heap.rows, self._heap.snapshot.column("edge_start")
        targets = self._heap.snapshot.column("targets")[int(starts[node]) : int(starts[node + 1])]
        layout = rows.layout(node)
        if layout == layout_of.PLAIN:
            return len(self._heap.elements(node))
        if layout in (layout_of.PAIRS, layout_of.PAIRS_PLAIN):
            first = rows.pairs_start.get(node, 0) if layout == layout_of.PAIRS_PLAIN else 0
            return int(np.count_nonzero(targets[first + 1 :: 2]))
        if layout == layout_of.SPLIT_DICT:
            return int(np.count_nonzero(targets[1:]))
        return int(np.count_nonzero((targets != 0) & (targets != rows.type_node(node))))

    def thread_at(self, frame: int) -> RunningThread | None:
        """The thread that one of its running frames belongs to, with the outermost function that is not threading's."""
        return self._threads.get(frame)

    @cached_property
    def _threads(self) -> dict[int, RunningThread]:
        found: dict[int, RunningThread] = {}
        for thread in self._heap.threads.all:
            names = [self._heap.naming.function_name(one) for one in reversed(thread.frames)]
            entry = next((name for name in names if name.partition(".")[0] not in ("", *_STARTERS)), "")
            found.update(dict.fromkeys(thread.frames, RunningThread(thread.thread_object, entry)))
        return found

    def references(self, node: int) -> Sequence[AskedReference]:
        return self._heap.references(node)

    def referrers(self, node: int) -> Sequence[AskedReference]:
        return self._heap.referrers(node)

    def referrer_count(self, node: int) -> int:
        return self._heap.referrer_count(node)

    def unexplained(self, node: int) -> int:
        return self._heap.unexplained(node)

    def hidden_cycle(self, node: int) -> AskedCycle | None:
        found = self._heap.hidden_cycle(node)
        return Ring(self._heap, found.through, found.nodes) if found is not None else None

    def memory_left_out(self) -> bool:
        return self._heap.snapshot.memory_left_out

    def path(self, node: int) -> AskedPath | None:
        return self._heap.path(node)

    def holders(self, node: int, limit: int, without: Sequence[tuple[int, int]] = ()) -> Sequence[AskedPath]:
        return self._heap.holders(node, limit, without)

    def retained_bytes(self, node: int) -> int:
        return self._heap.retained_bytes(node)
