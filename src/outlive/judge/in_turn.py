"""What ended and is alive only until its turn comes: the last connection, a history of ten. Pure.

A holder that lets each one go when the next have come has a bound, whatever it is. Steps show it where a single look
cannot: alive are those that ended in the last few steps, one after the other, and of all that ended in the many steps
before there is nothing left. What was let go of once, or began to stay late, is not of this kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from outlive.model.look import Ended

_TIMES_LONGER = 8  # so many times the turn's length must have passed without anything staying
_DENSE = 0.5  # in so many of the turn's steps at least one ended


def in_turn(ended: Sequence[Ended], first_tick: int, next_tick: int, *, all_told: bool = True) -> frozenset[int]:
    """The keys of those that only wait for their turn. Steps had the ticks from `first_tick` to below `next_tick`.

    `all_told`: every ended object that is alive is among them. Else they are a few in a row, noted as there was room.
    """
    kinds: dict[tuple[str, str, str], list[Ended]] = defaultdict(list)
    for row in ended:
        kinds[row.type, row.lifetime, row.contract].append(row)
    steps = next_tick - first_tick
    return frozenset(
        row.key
        for rows in kinds.values()
        if _is_turn([one.tick for one in rows], steps, next_tick, all_told)
        for row in rows
    )


def _is_turn(ticks: Sequence[int], steps: int, next_tick: int, all_told: bool) -> bool:
    oldest, newest = min(ticks), max(ticks)
    length = max(1, next_tick - oldest)
    row = length if all_told else newest - oldest + 1
    return length * _TIMES_LONGER <= steps and len(set(ticks)) >= _DENSE * row
