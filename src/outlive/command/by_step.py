"""A program that marks its own steps: its looks as counters over steps, one pair for each origin.

Theory of operation. The recorder takes looks at step marks, a fixed share of the steps apart. Of each origin they give
two counters: blocks *lost* by then (confirmed by the look that follows: what is on its way from one owner to the next
may be out of sight once), and blocks *alive*, which something still leads to. Both are read between two steps, so that
what a step needs for itself is in neither.

Other processes, which the program starts and which end while it goes on, add what they lost to the look that follows
their end. Where only they can be seen (a shell script that marks its steps), the marks themselves are the readings.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from outlive.capture.blocks import BlockLook
from outlive.command.gathering import Ended, Gathered, Reading
from outlive.command.looked import add
from outlive.command.origins import Origins
from outlive.command.running import Mark
from outlive.command.telling import ALIVE, ALIVE_BYTES, LOST, LOST_BYTES, names_of
from outlive.model.series import CounterKey, Series

_FEWEST_MARKS = 2
_MARKS_PER_FOLD = 24  # as many as the recorder takes looks


@dataclass
class StepsSeen:
    """`marker` is the process whose looks these are; None: only its marks were heard."""

    readings: list[Reading] = field(default_factory=list)
    marker: Gathered | None = None
    others: int = 0
    last_step: int = 0


def marker_of(processes: Sequence[Gathered]) -> Gathered | None:
    """The process that marked the most steps, if any marked two."""
    best = max(processes, key=lambda one: len(one.readings), default=None)
    return best if best is not None and len(best.readings) >= _FEWEST_MARKS else None


def seen_by_step(processes: Sequence[Gathered], marks: Sequence[Mark], origins: Origins) -> StepsSeen:
    """All that a run with step marks shows. The readings of the process that marked them get names here."""
    marker = marker_of(processes)
    ended = [one.ended for one in processes if one is not marker and one.ended is not None]
    seen = StepsSeen(marker=marker, others=len(ended), last_step=max((one.step for one in marks), default=0))
    if marker is not None:
        seen.readings, seen.last_step = marker.readings, marker.looks[-1].step
        _name_what_moves(seen.readings, marker.looks[-1].open(), origins)
    else:
        seen.readings = list(_thinned(marks))
    _add_ended(seen, ended)
    return seen


def _name_what_moves(readings: Sequence[Reading], look: BlockLook, origins: Origins) -> None:
    """Pairs become origins. What is the same in all readings is left out: names take time, and it can be no growth."""
    for tallies in ([one.lost for one in readings], [one.kept for one in readings]):
        pairs = {pair for one in tallies for pair in one}
        moving = {pair for pair in pairs if any(one.get(pair) != tallies[0].get(pair) for one in tallies)}
        for one in tallies:
            by_pair = dict(one)
            one.clear()
            for pair in sorted(moving & by_pair.keys()):
                add(one, origins.of_pair(look, pair), by_pair[pair])


def _thinned(marks: Sequence[Mark]) -> Iterator[Reading]:
    """As the recorder would have chosen them."""
    due = -1
    for mark in marks:
        if mark.step > due:
            due = mark.step + mark.step // _MARKS_PER_FOLD
            yield Reading(mark.step - marks[0].step, mark.at_ns, {}, {})


def _add_ended(seen: StepsSeen, ended: Sequence[Ended]) -> None:
    """What other processes lost counts from the first reading after their end: by the step they were forked in, else by
    the clock."""
    if not seen.readings:
        return
    first = (seen.marker.first_step or 0) if seen.marker is not None else 0
    steps = [one.steps for one in seen.readings]
    times = [one.at_ns for one in seen.readings]
    for end in sorted(ended, key=lambda one: one.at_ns):
        at = bisect.bisect_right(steps, end.step - first) if end.step else bisect.bisect_left(times, end.at_ns)
        for number, tally in end.lost.items():
            for reading in seen.readings[at:]:
                add(reading.lost, number, tally)


def series_of(seen: StepsSeen, origins: Origins, *, lost: bool) -> dict[CounterKey, Series]:
    """Counters over steps, by the origins' names."""
    names = names_of(origins.all)
    steps = tuple(one.steps for one in seen.readings)
    tallies = [one.lost if lost else one.kept for one in seen.readings]
    counter, in_bytes = (LOST, LOST_BYTES) if lost else (ALIVE, ALIVE_BYTES)
    found: dict[CounterKey, Series] = {}
    for number in sorted({number for one in tallies for number in one}):
        here = [one.get(number) for one in tallies]
        for key, values in (
            (CounterKey(counter, names[number]), tuple(0 if one is None else one.count for one in here)),
            (CounterKey(in_bytes, names[number], "bytes"), tuple(0 if one is None else one.bytes for one in here)),
        ):
            found[key] = Series(key, steps, values)
    return found
