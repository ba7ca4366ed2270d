"""All independent holders of an object: cut one way to it, look for the next, until there is none.

Which reference is cut: on the path found last, the one into the node nearest to the object that something else
refers to as well. What lies behind that node has no other way, so nothing is missed by leaving it whole.

A pass over all objects for each cut would be slow. After a cut only nodes behind it have lost their way, so the
search goes backwards from the object through those alone, until it meets a node that still has its own. Where very many
have lost it (a cache with all its entries behind the cut), the pass is made after all.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from outlive.heap.paths import HolderPath
from outlive.heap.roots import RootKind
from outlive.heap.routes import Nodes, Routes

Cut = tuple[int, int]

# A search backwards that has seen so many nodes ends: then a pass over all objects is cheaper.
_SEARCH_MOST = 1_000
_TRIES_PER_HOLDER = 4


def independent_holders(routes: Routes, node: int, limit: int, without: Iterable[Cut] = ()) -> list[HolderPath]:
    """The paths that remain `without` some references, the one to tell first first, at most `limit`.

    Two that are written alike are one: who reads them could not tell them apart. Empty for garbage.
    """
    found = routes.parents_for(node)
    if found is None or limit < 1:
        return []
    parents, kind = found
    paths: dict[str, HolderPath] = {}
    cuts = set(without)
    for _ in range(limit * _TRIES_PER_HOLDER):
        nodes = _other_way(routes, node, parents, kind, cuts)
        if nodes is None:
            break
        path = routes.path_along(nodes, kind)
        paths.setdefault(path.expression, path)
        cut = _cut_of(routes, nodes, cuts)
        if cut is None or len(paths) == limit:
            break
        cuts.add(cut)
    return list(paths.values())


def _cut_of(routes: Routes, nodes: list[int], cuts: set[Cut]) -> Cut | None:
    """The reference to cut on this path; None when each node on it has this one holder only."""
    for source, target in zip(nodes[-2::-1], nodes[:0:-1]):
        if routes.is_root_like(target):
            return None  # who else refers to a root, or to a module's globals, holds nothing by that
        others = {int(one) for one in routes.graph.referrers(target)} - set(nodes)
        if any((other, target) not in cuts and not routes.ours[other] for other in others):
            return source, target
    return None


def _other_way(routes: Routes, node: int, parents: Nodes, kind: RootKind | None, cuts: set[Cut]) -> list[int] | None:
    """The cheapest path to `node` without these references, as nodes from its root; None when there is none."""
    intact = _Intact(routes, parents, cuts)
    next_of: dict[int, int] = {}
    best = {node: 0}
    waiting: list[tuple[int, int, bool]] = [(0, node, False)]
    seen = 0
    while waiting and seen < _SEARCH_MOST:
        cost, at, whole = heapq.heappop(waiting)
        if whole:
            return routes.nodes_to(at, parents) + list(_from(at, next_of))
        if cost > best[at]:
            continue
        seen += 1
        price = intact.price(at)
        if price is not None:
            heapq.heappush(waiting, (cost + price, at, True))
            continue
        for source in {int(one) for one in routes.graph.referrers(at)}:
            if (source, at) in cuts or routes.ours[source]:
                continue
            new = cost + routes.price(source, at)
            if new < best.get(source, new + 1):
                best[source], next_of[source] = new, at
                heapq.heappush(waiting, (new, source, False))
    return _way_by_a_pass(routes, node, kind, cuts) if waiting else None


def _way_by_a_pass(routes: Routes, node: int, kind: RootKind | None, cuts: set[Cut]) -> list[int] | None:
    parents = routes.parents_without(kind, cuts)
    return None if int(parents[node]) == _NO_PARENT else routes.nodes_to(node, parents)


def _from(node: int, next_of: dict[int, int]) -> Iterator[int]:
    while node in next_of:
        node = next_of[node]
        yield node


class _Intact:
    """Which nodes keep the way that the pass over all found, and what that way costs."""

    def __init__(self, routes: Routes, parents: Nodes, cuts: set[Cut]) -> None:
        self._routes = routes
        self._parents = parents
        self._cuts = cuts
        self._price: dict[int, int | None] = {}

    def price(self, node: int) -> int | None:
        """What the way costs; None when it is cut, or when there was none."""
        if int(self._parents[node]) == _NO_PARENT:
            return None
        way = [node]
        while way[-1] not in self._price and int(self._parents[way[-1]]) != way[-1]:
            way.append(int(self._parents[way[-1]]))
        top = way[-1]
        if top not in self._price:
            self._price[top] = self._routes.starts.get(top, 0)
        for below, above in zip(way[-2::-1], way[:0:-1]):
            price = self._price[above]
            cut = price is None or (above, below) in self._cuts
            self._price[below] = None if cut or price is None else price + self._routes.price(above, below)
        return self._price[node]


_NO_PARENT = 0xFFFFFFFF
