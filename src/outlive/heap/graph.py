"""The native passes over a heap's references, as numpy arrays in and out.

Knows nodes by number and nothing else of them: what is a root, how large a node is and what is pleasant to read come
from the caller. The algorithms stand in native/graph. Results that depend on nothing but the graph are kept; the
others belong to the caller.

Arrays that come back are read-only. NOT_REACHED stands where no path leads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from outlive import _core

NOT_REACHED = 0xFFFFFFFF

Numbers = npt.NDArray[np.unsignedinteger[Any]]
Nodes = npt.NDArray[np.uint32]
Amounts = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_N = TypeVar("_N", np.uint8, np.uint32)
_NONE: npt.NDArray[np.uint8] = np.empty(0, np.uint8)


@dataclass(frozen=True)
class ReadingCosts:
    """What makes a reference a poor part of an explanation, in steps that a detour may take instead.

    `enter` and `exit` are 0 to 255 for each node; `types` names each node's type, and `type_cost` (at most 255) is for
    the reference of an object to its type. Empty arrays cost nothing.
    """

    enter: npt.NDArray[np.uint8] = field(default_factory=lambda: _NONE)
    exit: npt.NDArray[np.uint8] = field(default_factory=lambda: _NONE)
    types: Numbers = field(default_factory=lambda: _NONE)
    type_cost: int = 0


class Graph:
    """The references of a heap: those of node *i* are targets[edge_start[i]:edge_start[i + 1]].

    Keeps views of both arrays; they must not change. Raises ValueError when a number points outside.

    >>> graph = Graph(np.array([0, 0, 1, 2], np.uint64), np.array([2, 1], np.uint32))  # 1 and 2 hold each other
    >>> graph.holders([1]).tolist()
    [4294967295, 1, 1]
    """

    def __init__(self, edge_start: Numbers, targets: Numbers) -> None:
        self._edge_start = np.ascontiguousarray(edge_start, np.uint64)
        self._targets = _nodes(targets)
        self._native = _core.HeapGraph(self._edge_start, self._targets)
        self._last_tree: tuple[Nodes, _core.Column] | None = None

    def __len__(self) -> int:
        """Rows, row 0 ("nothing") included."""
        return len(self._edge_start) - 1

    def holders(
        self,
        roots: npt.ArrayLike,
        *,
        root_costs: npt.ArrayLike = (),
        costs: ReadingCosts | None = None,
        cuts: npt.ArrayLike = (),
    ) -> Nodes:
        """The node before each on its cheapest path from a root; a root's is itself.

        `root_costs`: 0 to 255 for each root. `cuts`: rows of (source, target), references that are not followed.
        """
        costs = costs or ReadingCosts()
        prices = _narrowed(root_costs, np.dtype(np.uint8), "not a cost (0 to 255)")
        types = _nodes(costs.types)
        column = self._native.holders(
            _nodes(roots), prices, costs.enter, costs.exit, types, costs.type_cost, _nodes(cuts)
        )
        return np.asarray(column)

    def reached(self, roots: npt.ArrayLike, cuts: npt.ArrayLike = ()) -> Flags:
        """Which nodes a path leads to that follows no reference of `cuts`."""
        return np.asarray(self._native.reached(_nodes(roots), _nodes(cuts))).view(np.bool_)

    def woken(
        self,
        roots: npt.ArrayLike,
        members: npt.ArrayLike,
        keys: npt.ArrayLike,
        *,
        extra: npt.ArrayLike = (),
        cuts: npt.ArrayLike = (),
    ) -> npt.NDArray[np.uint8]:
        """By node: 0 not reached, 1 reached but asleep, 2 walked, where some of what is reached sleeps.

        `members`: rows of (node, sleeper), nodes that are nothing but a sleeper, which paths go through only once it
        is awake. `keys`: rows of (node, sleeper); the path that comes to such a node wakes the sleeper. `extra`: rows
        of (source, target), references beside those of the graph. Sleepers are numbered from 1.

        >>> graph = Graph(np.array([0, 0, 1, 2, 2], np.uint64), np.array([2, 3], np.uint32))  # 1 holds 2, 2 holds 3
        >>> graph.woken([1], [(2, 1)], [(3, 1)]).tolist()
        [0, 2, 1, 0]
        """
        column = self._native.woken(_nodes(roots), _nodes(members), _nodes(keys), _nodes(extra), _nodes(cuts))
        return np.asarray(column)

    def dominators(self, roots: npt.ArrayLike) -> Nodes:
        """The one node without which each would not be reached, the nearest such; 0: there is none.

        >>> graph = Graph(np.array([0, 0, 2, 3, 4, 4], np.uint64), np.array([2, 3, 4, 4], np.uint32))
        >>> graph.dominators([1]).tolist()  # 1 holds 2 and 3, which both hold 4
        [0, 0, 1, 1, 1]
        """
        return np.asarray(self._tree(_nodes(roots)))

    def retained(self, roots: npt.ArrayLike, sizes: Numbers) -> Amounts:
        """Bytes that each node alone keeps alive, its own among them; row 0: all bytes that are reached."""
        wide = sizes if sizes.dtype == np.uint32 else sizes.astype(np.uint64, copy=False)
        return np.asarray(self._native.retained(self._tree(_nodes(roots)), np.ascontiguousarray(wide)))

    def _tree(self, roots: Nodes) -> _core.Column:
        """The dominators of the last roots are kept: whoever asks for sizes has mostly asked for dominators before."""
        if self._last_tree is None or not np.array_equal(self._last_tree[0], roots):
            self._last_tree = None  # free before anew: it is 12 bytes a node
            self._last_tree = roots.copy(), self._native.dominators(roots)
        return self._last_tree[1]

    @cached_property
    def components(self) -> Nodes:
        """The strongly connected component of each node, from 1: equal numbers hold each other.

        References between components lead from the higher number to the lower.
        """
        return np.asarray(self._native.components())

    def referrers(self, node: int) -> Nodes:
        """Who refers to `node`, ascending, once a reference."""
        starts, sources = self.all_referrers
        return sources[int(starts[node]) : int(starts[node + 1])]

    @cached_property
    def all_referrers(self) -> tuple[Amounts, Nodes]:
        """The references backwards: starts and sources, as edge_start and targets are forwards."""
        starts, sources = self._native.referrers()
        return np.asarray(starts), np.asarray(sources)

    @cached_property
    def referrer_counts(self) -> Nodes:
        """How many references lead to each node."""
        return np.diff(self.all_referrers[0]).astype(np.uint32)


def _nodes(numbers: npt.ArrayLike) -> Nodes:
    return _narrowed(numbers, np.dtype(np.uint32), "not the number of a node")


def _narrowed(numbers: npt.ArrayLike, dtype: np.dtype[_N], complaint: str) -> npt.NDArray[_N]:
    """One row as the native side reads it. Raises ValueError for what does not fit, instead of wrapping it."""
    given = np.asarray(numbers)
    if given.dtype != dtype and given.size and (given.min() < 0 or given.max() > np.iinfo(dtype).max):
        raise ValueError(complaint)
    return np.ascontiguousarray(given, dtype).reshape(-1)
