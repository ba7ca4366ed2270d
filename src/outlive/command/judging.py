"""Readings over steps, judged: the same rules as a scenario's counters, asked twice.

What is lost may be accused as soon as it rises beyond chance: a lost block is in no cache, for a pointer to it would be
there. What is kept has to outgrow caches first, as any object that a scenario keeps (`judge.horizon`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from outlive.command.by_step import StepsSeen, series_of
from outlive.command.holders import Held, held_by
from outlive.command.looked import could_be_in_registers, kept_rows
from outlive.command.origins import Origins, pairs_of
from outlive.command.telling import (
    ALIVE,
    ALIVE_BYTES,
    LOST,
    LOST_BYTES,
    kept_finding,
    lost_finding,
    names_of,
    unnamed_finding,
)
from outlive.judge.assessment import Assessment, assess, is_allowed
from outlive.judge.companions import grow_together
from outlive.judge.findings import evidence_of, with_series
from outlive.judge.growth import State
from outlive.judge.horizon import Budget, Horizon, Progress, horizon
from outlive.judge.visible import smallest_visible
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Evidence, Finding, Note, Rate, Verdict

FEWEST_STEPS = 100
"""Below so many even a level run proves little, as for scenarios."""
_NAMED_IN_A_NOTE = 4
_UNSEEN_AT_THE_END = 2

_Counters = dict[CounterKey, Series]


@dataclass(frozen=True)
class StepLimit:
    """`steps` is how many were asked for, by the user or by us; None: the program itself knows. `out_of_time`: it was
    ended on the way."""

    steps: int | None
    out_of_time: bool = False


@dataclass(frozen=True)
class StepsJudged:
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    smallest_visible: Mapping[str, Rate] | None = None


def judge_steps(
    seen: StepsSeen, origins: Origins, limit: StepLimit, *, seconds: float, allow: Collection[str] = ()
) -> StepsJudged:
    """`seconds` is what the run took."""
    run = seen.readings[-1].steps if seen.readings else 0
    lost, kept = series_of(seen, origins, lost=True), series_of(seen, origins, lost=False)
    total = _total(lost, allow)
    lost[total.key] = total
    plan = _plan(run, seen.last_step, len(seen.readings), limit, seconds, kept)
    of_lost, of_kept = assess(lost, None, allow=allow), assess(kept, plan, allow=allow)
    numbers = {name: at for at, name in enumerate(names_of(origins.all))}
    findings = [*_lost(of_lost, seen, origins, numbers), *_kept(of_kept, kept, seen, origins, numbers)]
    series = {**lost, **kept}
    ordered = sorted((with_series(one, series) for one in findings), key=lambda one: -one.bytes.per_step)
    verdict, reason = _verdict(ordered, of_lost, of_kept, run, plan)
    notes = () if ordered else (*_open(of_lost), *_open(of_kept))
    return StepsJudged(verdict, reason, tuple(ordered), notes, smallest_visible(series) if run >= FEWEST_STEPS else {})


def _total(lost: _Counters, allow: Collection[str]) -> Series:
    """What all functions lost together, but for those that may."""
    counted = [one for key, one in lost.items() if key.counter == LOST and not is_allowed(key, allow)]
    steps = next((one.steps for one in lost.values()), ())
    return Series(CounterKey(LOST), steps, tuple(map(sum, zip(*(one.values for one in counted)))) or (0,) * len(steps))


def _plan(run: int, last: int, samples: int, limit: StepLimit, seconds: float, kept: _Counters) -> Horizon:
    """A program that ended by itself, of its own number of steps, could have gone further: caches may still fill.

    After the last step no look is left to confirm what a look at it would show: the readings end before the limit.
    """
    progress = Progress(run, samples, seconds, seconds / max(1, run), 0.0)
    went_all = limit.steps is not None and last + _UNSEEN_AT_THE_END >= limit.steps
    steps = min(run, limit.steps) if limit.steps is not None and went_all else limit.steps
    plan = horizon(Budget(steps=steps, seconds=seconds), progress, kept.values())
    if limit.steps is None and not limit.out_of_time:
        return replace(plan, accuse_at=max(plan.accuse_at, Horizon().accuse_at))
    return plan


def _lost(found: Assessment, seen: StepsSeen, origins: Origins, numbers: Mapping[str, int]) -> list[Finding]:
    findings = []
    last = seen.readings[-1].lost if seen.readings else {}
    look = seen.marker.looks[-1].open() if seen.marker is not None else None
    for key in found.leaks:
        if key.counter != LOST or not key.type:
            continue
        number = numbers[key.type]
        if look is not None and number in last and could_be_in_registers(look, last[number].count):
            continue
        evidence = _evidence(found, key, CounterKey(LOST_BYTES, key.type, "bytes"))
        findings.append(lost_finding(origins.all[number], evidence))
    total = CounterKey(LOST)
    everything = sum(one.count for one in last.values())
    if not findings and total in found.leaks and not (look and could_be_in_registers(look, everything)):
        findings.append(unnamed_finding([evidence_of(total, found.judged[total])]))
    return findings


def _kept(
    found: Assessment, series: _Counters, seen: StepsSeen, origins: Origins, numbers: Mapping[str, int]
) -> list[Finding]:
    """One finding for what grows by itself; blocks that others of them hold, and grow with them, stand beside it."""
    leaders = list(dict.fromkeys(key.type for key in found.leaks))
    held = {name: _held(seen, origins, numbers[name]) for name in leaders}
    names = {number: name for name, number in numbers.items()}
    inside: dict[str, str] = {}
    for name in leaders:
        outer = next((names[at] for at in reversed(held[name].through) if names[at] in leaders), "")
        if outer and outer != name and _together(found, series, name, outer):
            inside[name] = outer
    findings = []
    for name in leaders:
        if name in inside:
            continue
        beside = [row for other, outer in inside.items() if outer == name for row in _of(found, other)]
        findings.append(kept_finding(origins.all[numbers[name]], _of(found, name), held[name].words, beside))
    return findings


def _of(found: Assessment, name: str) -> list[Evidence]:
    """Blocks first, unless it is only their size that grows."""
    keys = [CounterKey(ALIVE, name), CounterKey(ALIVE_BYTES, name, "bytes")]
    if keys[0] not in found.leaks:
        keys = keys[1:]
    return _evidence(found, *keys)


def _evidence(found: Assessment, *keys: CounterKey) -> list[Evidence]:
    return [evidence_of(key, found.judged[key]) for key in keys if key in found.judged]


def _together(found: Assessment, series: _Counters, name: str, outer: str) -> bool:
    a, b = CounterKey(ALIVE, outer), CounterKey(ALIVE, name)
    known = a in found.judged and b in found.judged
    return known and grow_together(series[a], found.judged[a], series[b], found.judged[b])


def _held(seen: StepsSeen, origins: Origins, number: int) -> Held:
    at_mark = seen.marker.at_mark if seen.marker is not None else None
    if at_mark is None:
        return Held("", ())
    look = at_mark.open()
    rows = kept_rows(look)
    pairs, places = np.unique(pairs_of(look, rows), return_inverse=True)
    wanted = np.array([origins.knows(look, pair) == number for pair in pairs.tolist()], dtype=bool)
    rows = rows[wanted[places.reshape(-1)]]
    return held_by(look, rows, number, origins) if len(rows) else Held("", ())


def _verdict(
    findings: list[Finding], of_lost: Assessment, of_kept: Assessment, run: int, plan: Horizon
) -> tuple[Verdict, str]:
    if findings:
        return Verdict.LEAK, "it grows at a steady rate, and went on doing so on later, disjoint steps"
    suspects = [one for found in (of_lost, of_kept) for one in found.judged.values() if one.open and one.steady]
    if run < FEWEST_STEPS:
        return Verdict.COULD_NOT_TELL, f"only {run:,} steps ran; at least {FEWEST_STEPS} are needed"
    if any(one.state in (State.GROWING, State.LEAK) for one in suspects):
        more = f"run {plan.accuse_at:,} steps or more" if run < plan.accuse_at else "run more steps"
        return Verdict.COULD_NOT_TELL, f"something grows steadily, and may be a cache that fills: {more}"
    allowed = any(one.state is State.LEAK for found in (of_lost, of_kept) for one in found.excused.values())
    return Verdict.NO_LEAK, f"nothing {'else ' if allowed else ''}is lost or piles up over {run:,} steps"


def _open(found: Assessment) -> tuple[Note, ...]:
    growing = [(one.rate.per_step, key) for key, one in found.judged.items() if one.open and one.rate.per_step > 0]
    growing = sorted((row for row in growing if row[1].type and not row[1].unit), key=lambda row: -row[0])
    if not growing:
        return ()
    rows = [f"{key.counter} {key.type} by {rate:,.4g} per step" for rate, key in growing[:_NAMED_IN_A_NOTE]]
    return (Note("growing", "not confirmed: " + "; ".join(rows)),)
