"""Held, collectable, in flight, or the harness's: which of the four it is, and the way that remains. Never mixed.

Theory of operation. Three passes over all references, whatever the number of objects asked about: from all roots; with
references in flight cut; with the harness's cut as well. What the first does not reach waits for the collector. What
the second loses is in flight; what only the third loses, the harness holds. The rest is held in earnest, and its path
is the cheapest one that follows no reference that was cut, so that nobody is blamed for what is merely passing.

Native references count as roots, except those of the calls that run at this moment (`in_flight`). What became of an
object when the program was settled after the look (`fate`) is stronger than any reading of the heap: it is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.explain.asked import AskedPath
from outlive.explain.face import Face
from outlive.explain.leftovers.harness import harness_edges, in_test
from outlive.explain.leftovers.in_flight import LOOSE_MOST, Edge, Passing, from_frames, in_flight
from outlive.explain.leftovers.scene import Scene
from outlive.heap.graph import NOT_REACHED
from outlive.heap.paths import HolderPath
from outlive.heap.roots import RootKind
from outlive.heap.rows import EXCEPTION_KIND
from outlive.model.leftovers import Answer

Flags = npt.NDArray[np.bool_]
_BY_FATE = {"turn": Answer.IN_FLIGHT, "collect": Answer.CYCLE}


class Holding:
    """The four answers for one look. `ended` are the nodes whose lifetime is over."""

    def __init__(self, scene: Scene, ended: Collection[int]) -> None:
        self._scene = scene
        self._heap = scene.heap
        self._ended = frozenset(ended)
        self._paths: dict[int, HolderPath | None] = {}

    def answer(self, node: int, fate: str = "") -> Answer:
        if fate in _BY_FATE:
            return _BY_FATE[fate]
        if not self._anyhow[node]:
            return Answer.HARNESS if self._with_ours[node] else Answer.CYCLE
        if not self._without_flight[node]:
            return Answer.IN_FLIGHT
        return Answer.HELD if self.in_earnest[node] else Answer.HARNESS

    def path(self, node: int) -> HolderPath | None:
        """The way that remains when nothing passing is followed; None when there is none."""
        if node not in self._paths:
            self._paths[node] = self._path(node)
        return self._paths[node]

    def _path(self, node: int) -> HolderPath | None:
        true, native = self._parents, self._native_parents
        if true[node] != NOT_REACHED:
            return self._heap.routes.path_along(self._heap.routes.nodes_to(node, true))
        if native[node] != NOT_REACHED:
            return self._heap.routes.path_along(self._heap.routes.nodes_to(node, native), RootKind.NATIVE)
        return None

    def reached_without(self, sources: Collection[int]) -> Flags:
        """What is held in earnest also when these objects hold nothing."""
        more = {(node, target) for node in sources for target in self._heap.rows.targets(node) if target}
        return self._reached(self.cuts | more, self.passing.loose)

    # ---- the cuts --------------------------------------------------------------------------------------------------

    @cached_property
    def passing(self) -> Passing:
        """What is in flight; frames of a test are left to the harness."""
        return in_flight(self._scene, () if self._in_test else self._ended)

    @cached_property
    def _in_test(self) -> bool:
        return in_test(self._scene)

    @cached_property
    def cuts(self) -> frozenset[Edge]:
        """All references that are passing or the harness's."""
        tests = from_frames(self._scene, self._ended) if self._in_test else ()
        return self.passing.edges | harness_edges(self._scene) | frozenset(tests)

    # ---- the passes ------------------------------------------------------------------------------------------------

    @cached_property
    def _anyhow(self) -> Flags:
        return self._reached((), ())

    @cached_property
    def _with_ours(self) -> Flags:
        return self._heap.graph.reached(self._heap.routes.all_roots)

    @cached_property
    def _without_flight(self) -> Flags:
        return self._reached(self.passing.edges, self.passing.loose)

    @cached_property
    def in_earnest(self) -> Flags:
        """By node, whether a path remains that is neither passing nor the harness's."""
        return self._reached(self.cuts, self.passing.loose)

    def _reached(self, cuts: Iterable[Edge], loose: Collection[int]) -> Flags:
        roots = np.concatenate([np.array(self._starts(bool(loose)), np.int64), self._natives(loose)])
        return self._heap.graph.reached(roots, self._with_ours_cut(cuts))

    def _starts(self, passing: bool) -> list[int]:
        """Roots of paths; an exception that a thread is handling passes, too."""
        starts, rows = self._heap.routes.starts, self._heap.rows
        handled = {
            root.node
            for root in self._heap.roots.ordered()
            if root.kind is RootKind.THREAD
            and (rows.is_kind(root.node, EXCEPTION_KIND) or rows.type_name(root.node) == "traceback")
        }
        return [node for node in starts if not (passing and node in handled)]

    def _natives(self, loose: Collection[int]) -> npt.NDArray[np.int64]:
        """What native code holds, less what the calls under way do."""
        routes = self._heap.routes
        held = (routes.unexplained > 0) & ~routes.ours
        few = [node for node in loose if routes.unexplained[node] <= LOOSE_MOST]
        held[few] = False
        return np.flatnonzero(held).astype(np.int64)

    def _with_ours_cut(self, cuts: Iterable[Edge]) -> npt.NDArray[np.int64]:
        own = np.asarray(self._heap.routes.cuts, np.int64).reshape(-1, 2)
        return np.concatenate([own, np.array(sorted(cuts), np.int64).reshape(-1, 2)])

    @cached_property
    def _parents(self) -> npt.NDArray[np.uint32]:
        routes, starts = self._heap.routes, self._starts(True)
        prices = [routes.starts[node] for node in starts]
        cuts = self._with_ours_cut(self.cuts)
        return self._heap.graph.holders(starts, root_costs=prices, costs=routes.costs, cuts=cuts)

    @cached_property
    def _native_parents(self) -> npt.NDArray[np.uint32]:
        natives = self._natives(self.passing.loose)
        roots = natives[self._parents[natives] == NOT_REACHED]
        return self._heap.graph.holders(roots, costs=self._heap.routes.costs, cuts=self._with_ours_cut(self.cuts))


class ClearFace(Face):
    """The heap without what is passing or the harness's, answering what explaining asks."""

    def __init__(self, scene: Scene, holding: Holding) -> None:
        super().__init__(scene.heap)
        self._holding = holding

    def path(self, node: int) -> AskedPath | None:
        return self._holding.path(node) or super().path(node)

    def holders(self, node: int, limit: int, without: Sequence[Edge] = ()) -> Sequence[AskedPath]:
        return super().holders(node, limit, [*without, *self._holding.cuts])
