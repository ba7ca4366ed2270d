"""Which native blocks are lost again and again: by who asked for them, and how many a step.

Theory of operation. Three looks are taken at one process, with about as many steps between them. A block counts that
was made in a step, that nobody can come by in the second look and still nobody in the third: what is on its way from
one owner to the next may be out of sight once. The steps in which the blocks of one origin were made are a series
like any counter's, and the judge judges it by its own rules: a rate that holds in two windows of steps, many jumps, no
fading. That is of when they were *made*; whether it goes on is asked of the looks themselves: in each interval the
number that is lost must rise by its share.

A lost block is in no cache and on no free list, for a pointer to it would be there. What is not seen: a block that a
stale word still leads to (one in some hundreds), one whose address is kept in disguise (which errs to the wrong side,
and is rare: docs/explanation/native-blocks.md), and all that was lost before the first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outlive.capture.blocks import BlockLook, Numbers
from outlive.capture.blocks_twice import REGISTERS_KEPT, rows_lost_in_both
from outlive.capture.stamps import FIRST_STEP
from outlive.explain.native_origin import Origin, Origins
from outlive.judge.growth import Judgement, State, judge_series
from outlive.model.native_blocks import BlockClass
from outlive.model.verdict import Rate

BETWEEN = 0xFFFFFFFF
"""The step of what is made between steps."""
FEWEST_STEPS = 60
_POINTS = 400
# Losses in so many different steps make it worth the time to look again.
_SUSPECT = 3
# Of its rate, each interval between looks must show as much.
_GOES_ON = 0.5
# Of one origin so many must be lost by themselves: then those that others point to are, too.
_ALONE = 0.6
# Of an origin's lost blocks so many more may be called possibly lost by chance.
_BY_CHANCE = 0.25
# What is lost may have been kept for a while: the series may end so much before the look.
_DELAY = 0.25

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LostPile:
    """Blocks of one origin that are lost at a steady rate. `bytes` counts what is lost under them, too.

    `seen` of them are lost in two looks, `totals` in each of the looks.
    """

    origin: Origin
    count: Rate
    bytes: Rate
    size: float
    seen: int
    totals: tuple[int, ...]
    judgement: Judgement


def is_suspect(look: BlockLook, origins: Origins) -> bool:
    """Whether blocks of one origin, made in several steps, are lost in this look: then another look is worth it."""
    rows = _made_in_steps(look, np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER))
    return any(
        not origin.ours and len(np.unique(look.step[members])) >= _SUSPECT
        for origin, members in _by_mistake(look, rows, origins)
    )


def lost_piles(looks: Sequence[BlockLook], steps: Sequence[int], origins: Origins) -> tuple[LostPile, ...]:
    """Of three looks, taken after so many `steps` each; `origins` are those of the last. Most bytes first."""
    _, second, third = looks
    if steps[-1] < FEWEST_STEPS:
        return ()
    rows = rows_lost_in_both(second, third).astype(np.int64)
    heads = _made_in_steps(third, rows[_is_loss_of_its_own(third, rows)])
    under = _bytes_under(third, heads)
    found = []
    for origin, members in _by_mistake(third, heads, origins):
        if origin.ours or len(members) <= REGISTERS_KEPT * max(0, third.facts["threads"] - 1):
            continue
        judgement = _judged(_births(third, members), steps[1])
        totals = tuple(_total(look, third, members) for look in looks)
        if judgement.state is State.LEAK and _goes_on(totals, steps, judgement.rate.per_step):
            own = int(third.size[members].sum())
            whole = own + int(sum(under.get(int(at), 0) for at in third.address[members]))
            counted = _judged(_births(third, _with_possible(third, members, steps[1])), steps[1])
            told = counted if counted.state is State.LEAK else judgement
            found.append(_pile(origin, members, whole, own, totals, told))
    return tuple(sorted(found, key=lambda pile: -pile.bytes.per_step))


def _pile(
    origin: Origin, members: Ints, whole: int, own: int, totals: tuple[int, ...], judgement: Judgement
) -> LostPile:
    rate, each = judgement.rate, whole / len(members)
    size = own / len(members)
    in_bytes = Rate(rate.per_step * each, rate.low * each, rate.high * each)
    return LostPile(origin, rate, in_bytes, size, len(members), totals, judgement)


def _births(look: BlockLook, rows: Ints) -> Ints:
    born: Ints = np.sort(look.step[rows].astype(np.int64)) - FIRST_STEP
    return born


def _with_possible(look: BlockLook, members: Ints, steps: int) -> Ints:
    """And those of the same origin that only a word in the middle may lead to: where most are lost, that word is by
    chance, for the others show that no such pointer is kept. It is for the figure only.
    """
    pairs = _pairs(look)
    possible = _made_in_steps(look, np.flatnonzero(look.block_class == BlockClass.POSSIBLE))
    alike = possible[np.isin(pairs[possible], np.unique(pairs[members]))]
    alike = alike[look.step[alike] < FIRST_STEP + steps]
    return np.concatenate([members, alike]) if len(alike) <= _BY_CHANCE * len(members) else members


def _judged(births: Ints, steps: int) -> Judgement:
    """The births of what is lost, as a counter that grows with the steps."""
    end = min(steps, int(births[-1]) + 1)
    if end < (1 - _DELAY) * steps:
        return Judgement(State.SETTLING, "was lost only in earlier steps")
    at = np.unique(np.linspace(0, end, min(_POINTS, end) + 1).astype(np.int64))
    return judge_series(at.tolist(), np.searchsorted(births, at, side="left").tolist())


def _goes_on(totals: Sequence[int], steps: Sequence[int], rate: float) -> bool:
    """Whether more is lost in each look than in the one before, by its share."""
    pairs = zip(zip((0, *totals), totals), zip((0, *steps), steps))
    return all(after - before >= _GOES_ON * rate * (end - start) for (before, after), (start, end) in pairs)


def _total(look: BlockLook, last: BlockLook, members: Ints) -> int:
    """How many blocks of the same origin, made in steps, are lost in this look.

    Stacks and lines have the same numbers in all looks at one process.
    """
    pairs = np.unique(_pairs(last)[members])
    lost = np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER)
    rows = _made_in_steps(look, lost[_is_loss_of_its_own(look, lost)])
    return int(np.isin(_pairs(look)[rows], pairs).sum())


def _pairs(look: BlockLook) -> npt.NDArray[np.uint64]:
    return (look.stack.astype(np.uint64) << np.uint64(32)) | look.site.astype(np.uint64)


def _by_mistake(look: BlockLook, rows: Ints, origins: Origins) -> list[tuple[Origin, Ints]]:
    pairs, places = np.unique(_pairs(look)[rows], return_inverse=True)
    groups: dict[tuple[str, ...], tuple[Origin, list[int]]] = {}
    for number, pair in enumerate(pairs.tolist()):
        origin = origins.of(pair >> 32, pair & 0xFFFFFFFF)
        groups.setdefault((*origin.mistake, str(origin.ours)), (origin, []))[1].append(number)
    return [(origin, rows[np.isin(places, numbers)]) for origin, numbers in groups.values()]


def _made_in_steps(look: BlockLook, rows: Numbers | Ints) -> Ints:
    born = look.step[rows]
    made: Ints = rows[(born >= FIRST_STEP) & (born != BETWEEN)].astype(np.int64)
    return made


def _is_loss_of_its_own(look: BlockLook, rows: Ints) -> npt.NDArray[np.bool_]:
    """Which lost blocks are not a part of a larger loss, though another lost block may point to them.

    A block that was just taken is full of old words, and they lead to others. So what stands alone, mostly, is alone;
    and so is what only a block of its own origin points to that another step has made.
    """
    pairs, is_head = _pairs(look), np.asarray(look.block_class[rows] == BlockClass.LOST)
    kinds, place = np.unique(pairs[rows], return_inverse=True)
    alone = np.bincount(place, weights=is_head, minlength=len(kinds)) / np.bincount(place, minlength=len(kinds))
    root = np.minimum(np.searchsorted(look.address, look.root[rows]), len(look.address) - 1)
    is_alike = (look.address[root] == look.root[rows]) & (pairs[root] == pairs[rows])
    return np.asarray(is_head | (alone[place] > _ALONE) | (is_alike & (look.step[root] != look.step[rows])))


def _bytes_under(look: BlockLook, heads: Ints) -> dict[int, int]:
    """Bytes of what is lost under each lost block, by its address; without what is counted by itself."""
    rows = np.setdiff1d(np.flatnonzero(look.block_class == BlockClass.LOST_UNDER), heads)
    totals: dict[int, int] = {}
    for root, size in zip(look.root[rows].tolist(), look.size[rows].tolist()):
        totals[root] = totals.get(root, 0) + size
    return totals
