"""Which objects of a snapshot are new since an earlier one of the same process, and which containers grew.

Without stamps an object is known by its address and its type: what was there before under both is taken for the same.
An object made where another of its type had just died is then missed; an old object is never called new, because
nothing moves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot
from outlive.heap.rows import IMMORTAL


class Newness:
    """`later` compared with `earlier`, by node number of `later`; computed once, linear but for one sort."""

    def __init__(self, earlier: Snapshot, later: Snapshot) -> None:
        self._then = _nodes_then(earlier, later)
        self._earlier = earlier
        before, now = _references(earlier), _references(later)
        self._more = np.where(self._then > 0, now - before[self._then], 0)
        self._more[0] = 0

    @property
    def is_new(self) -> npt.NDArray[np.bool_]:
        """By node; node 0 is not new."""
        fresh: npt.NDArray[np.bool_] = self._then == 0
        fresh[0] = False
        return fresh

    def more(self, node: int) -> int:
        """How many more references it holds than before; 0 for what is new."""
        return max(0, int(self._more[node]))

    def grown(self, at_least: int) -> list[tuple[int, int]]:
        """(node, how many more references), most first, of what was there before and holds at least so many more."""
        nodes = np.flatnonzero(self._more >= at_least)
        order = np.argsort(-self._more[nodes], kind="stable")
        return [(int(node), int(self._more[node])) for node in nodes[order]]

    def unexplained_more(self, now: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """By node: how many more references nothing explains than before; 0 for what is new. `now`: of `later`."""
        counted = self._earlier.column("refcount").astype(np.int64)
        before = counted - np.bincount(self._earlier.column("targets"), minlength=len(counted))
        before[(counted == IMMORTAL) | (before < 0)] = 0
        more: npt.NDArray[np.int64] = np.where(self._then > 0, now - before[self._then], 0)
        return more


def _nodes_then(earlier: Snapshot, later: Snapshot) -> npt.NDArray[np.int64]:
    """For each node of `later` its number in `earlier`; 0 for what was not there, or not of this type."""
    addresses = earlier.column("address").astype(np.uint64)
    order = np.argsort(addresses, kind="stable")
    wanted = later.column("address").astype(np.uint64)
    place = np.minimum(np.searchsorted(addresses, wanted, sorter=order), len(order) - 1)
    then = order[place].astype(np.int64)
    same = (addresses[then] == wanted) & (_type_addresses(earlier)[then] == _type_addresses(later))
    return np.where(same, then, 0)


def _type_addresses(snapshot: Snapshot) -> npt.NDArray[np.uint64]:
    return snapshot.column("address").astype(np.uint64)[snapshot.column("type")]


def _references(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """How many references each node holds, empty slots left out."""
    filled = np.concatenate([[0], np.cumsum(snapshot.column("targets") != 0, dtype=np.int64)])
    starts = snapshot.column("edge_start").astype(np.int64)
    counts: npt.NDArray[np.int64] = filled[starts[1:]] - filled[starts[:-1]]
    return counts


def spread(
    snapshot: Snapshot, new: npt.NDArray[np.bool_], doubtful: npt.NDArray[np.bool_], rounds: int = 4
) -> npt.NDArray[np.bool_]:
    """`new`, and those of `doubtful` that only new objects hold, a few references deep.

    For objects taken for old because one of their type lived at their address before, as dicts and lists do that are
    made again and again.
    """
    targets, starts = snapshot.column("targets"), snapshot.column("edge_start")
    found = new.copy()
    for _ in range(rounds):
        asked = doubtful & ~found
        asked[0] = False
        places = np.flatnonzero(asked[targets])
        held = targets[places].astype(np.int64)
        by_old = ~found[np.searchsorted(starts, places, side="right") - 1]
        kept_by_old = np.bincount(held[by_old], minlength=len(new)) > 0
        kept = np.bincount(held, minlength=len(new)) > 0
        turned = asked & kept & ~kept_by_old
        if not turned.any():
            break
        found |= turned
    return found
