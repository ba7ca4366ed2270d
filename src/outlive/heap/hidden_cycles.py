"""Cycles that the collector cannot see: rings of objects of which one hides what it holds.

A ring is hidden where a reference in it stands in the memory of an object that does not show it, and where an object
that the collector does not track at all holds one that only we know of (an array of objects, a decompressor's
dictionary).

Told of an object that no root reaches. Going up from it to whoever holds it, a hidden reference is looked for that is
part of a ring. That the ring is all that keeps the object is only said when each reference to each object on the way
up is accounted for, by an object that shows it or by one that hides it: where one is left over, native code holds that
object, and the ring is beside the point.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from outlive.heap.graph import NOT_REACHED, Graph, Nodes
from outlive.heap.hidden import Hidden
from outlive.heap.routes import Routes

_MOST_HOLDERS = 5_000
_HAS_COLLECTOR = 1 << 14  # Py_TPFLAGS_HAVE_GC
# Untracked, but whoever holds one shows the collector what it holds; or what it holds is never part of a ring.
_SHOWN_BY_OTHERS = frozenset(["functools._lru_list_elem", "code"])


@dataclass(frozen=True)
class HiddenCycle:
    """`through` hides a reference to `nodes[0]`; from there the way leads to `nodes[-1]`, the object asked about."""

    through: int
    nodes: tuple[int, ...]


class HiddenCycles:
    """Finds them, one object at a time."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    def of(self, node: int) -> HiddenCycle | None:
        """The nearest ring that keeps `node`; None where there is none, or where something else keeps it as well."""
        hidden = self._hidden
        if not node or self._routes.parents[node] != NOT_REACHED:
            return None
        next_of = {node: node}
        waiting = deque([node])
        found: HiddenCycle | None = None
        while waiting:
            at = waiting.popleft()
            if hidden.unexplained[at] > 0 or len(next_of) > _MOST_HOLDERS:
                return None
            holders = self._holders(at)
            if any(self._routes.parents[one] != NOT_REACHED for one in holders):
                return None
            if found is None:
                found = self._ring_at(at, next_of)
            fresh = [one for one in holders if one not in next_of]
            next_of.update(dict.fromkeys(fresh, at))
            waiting.extend(fresh)
        return found

    def _holders(self, node: int) -> list[int]:
        every = {int(one) for one in self._graph.referrers(node)}
        return sorted(one for one in every if not self._routes.ours[one])

    def _ring_at(self, node: int, next_of: dict[int, int]) -> HiddenCycle | None:
        sources = [one.source for one in self._hidden.into(node)]
        sources += [one for one in self._holders(node) if self._is_untracked(one)]
        through = next((one for one in sources if self._rings[one] == self._rings[node]), 0)
        if not through:
            return None
        way = [node]
        while next_of[way[-1]] != way[-1]:
            way.append(next_of[way[-1]])
        return HiddenCycle(through, tuple(way))

    def _is_untracked(self, node: int) -> bool:
        """Is it an object whose type takes no part in the collector's work?"""
        row = self._routes.type_row(node)
        return row is not None and not row.flags & _HAS_COLLECTOR and row.name not in _SHOWN_BY_OTHERS

    @property
    def _hidden(self) -> Hidden:
        return self._routes.hidden

    @property
    def _graph(self) -> Graph:
        return self._routes.with_hidden

    @cached_property
    def _rings(self) -> Nodes:
        return np.asarray(self._graph.components)
