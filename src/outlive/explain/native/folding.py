"""Which groups of lost blocks are one mistake. Three rules, each of which leaves apart what it cannot show to be one.

1. *One maker, lost at the end.* What one function made for several callers, and all of which was held until the
   program ended: nobody closes what it makes.
2. *Always together.* Two groups with equal counts, whose blocks were made turn by turn (one of each, again and again)
   on one thread below the same calling function: two parts of one thing. At least three turns.
3. *One event.* Their last pointers went in the same place (`events`, where it was asked for).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from outlive.explain.native.grouping import Blocks, Group
from outlive.explain.native.looked import Process
from outlive.explain.native.when import when
from outlive.model.leftovers import Category
from outlive.model.native_end import LossEvent

_LEAST_TURNS = 3


@dataclass(frozen=True)
class Mistake:
    """Groups with one cause; the first leads. `events`: how their last pointers went, where that was followed."""

    groups: tuple[Group, ...]
    events: tuple[LossEvent, ...] = ()


def mistakes(
    groups: Sequence[Group], blocks: Blocks, events_of: Callable[[Group], tuple[LossEvent, ...]]
) -> list[Mistake]:
    """The groups, folded; what leads has the most bytes."""
    look = blocks.look
    ordered = sorted(groups, key=lambda one: -int(look.size[one.heads].sum() + look.size[one.under].sum()))
    found: list[_Groups] = [(one,) for one in ordered]
    folded = _by(found, lambda one: _maker_at_end(one, blocks.process))
    folded = _together(folded, blocks)
    events = {id(one[0]): tuple(event for group in one for event in events_of(group)) for one in folded}
    folded = _by(folded, lambda one: _place_of_event(events[id(one[0])]), merged=events)
    return [Mistake(one, _without_twins(events[id(one[0])])) for one in folded]


_Groups = tuple[Group, ...]


def _by(
    found: list[_Groups],
    key_of: Callable[[_Groups], tuple[object, ...] | None],
    merged: dict[int, tuple[LossEvent, ...]] | None = None,
) -> list[_Groups]:
    """Those with the same key are one; None stays alone."""
    kept: list[_Groups] = []
    places: dict[tuple[object, ...], int] = {}
    for one in found:
        key = key_of(one)
        if key is None or key not in places:
            if key is not None:
                places[key] = len(kept)
            kept.append(one)
            continue
        first = kept[places[key]]
        kept[places[key]] = (*first, *one)
        if merged is not None:
            merged[id(first[0])] += merged[id(one[0])]
    return kept


def _maker_at_end(groups: _Groups, process: Process) -> tuple[object, ...] | None:
    """By whom it was made; None where it did not go at the end, or has no name."""
    at = when(groups, process)
    by = groups[0].asked.by
    if by is None or not at.known or at.category is Category.RUNTIME:
        return None
    return by.module, by.function, at.category


def _together(found: list[_Groups], blocks: Blocks) -> list[_Groups]:
    by_shape: dict[tuple[object, ...], list[int]] = defaultdict(list)
    kept: list[_Groups] = []
    for one in found:
        shape = _shape(one, blocks)
        other = next((at for at in by_shape[shape] if shape and _turn_by_turn(kept[at], one, blocks)), None)
        if other is None:
            by_shape[shape].append(len(kept))
            kept.append(one)
        else:
            kept[other] = (*kept[other], *one)
    return kept


def _shape(groups: _Groups, blocks: Blocks) -> tuple[object, ...]:
    """What two groups must share to be looked at; () for none."""
    heads = groups[0].heads
    threads = np.unique(blocks.look.thread[heads]).tolist()
    return (len(heads), *threads) if len(heads) >= _LEAST_TURNS and len(threads) == 1 else ()


def _turn_by_turn(first: _Groups, second: _Groups, blocks: Blocks) -> bool:
    if not _below_one_caller(first[0], second[0]):
        return False
    one, other = (np.sort(blocks.look.tick[groups[0].heads]) for groups in (first, second))
    before, after = (one, other) if one[0] < other[0] else (other, one)
    return bool((before < after).all() and (after[:-1] < before[1:]).all())


def _below_one_caller(first: Group, second: Group) -> bool:
    """Whether the function that called for one also called for the other, itself or through one more."""
    near = [_callers(group) for group in (first, second)]
    return bool(near[0] & near[1])


def _callers(group: Group) -> set[tuple[str, str]]:
    who = group.asked
    frames = [one for one in (who.by, who.caller) if one is not None]
    return {(one.module, one.function) for one in frames}


def _place_of_event(events: Sequence[LossEvent]) -> tuple[object, ...] | None:
    """Where they all went, if that is one place and was seen."""
    seen = [one for one in events if one.at.frames]
    if not all(one.sure for one in seen):
        return None
    places = {(one.kind, *((at.module, at.function) for at in one.at.frames[:2])) for one in seen}
    return next(iter(places)) if len(places) == 1 else None


def _without_twins(events: Sequence[LossEvent]) -> tuple[LossEvent, ...]:
    found: dict[tuple[object, ...], LossEvent] = {}
    for one in events:
        key = one.kind, one.sure, one.at.frames[:3]
        known = found.get(key)
        found[key] = one if known is None else LossEvent(one.kind, one.at, one.sure, known.count + one.count, one.words)
    return tuple(sorted(found.values(), key=lambda one: (not one.sure, -one.count)))
