"""All counters of a run judged together. Knows that counters share one allowance for false alarms; groups nothing."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from outlive.judge.companions import grow_together
from outlive.judge.growth import Judgement, State, judge_series
from outlive.judge.horizon import Horizon
from outlive.judge.rules import HANDLES, Rules
from outlive.judge.telling import BUILTIN, origin
from outlive.model.series import CounterKey, Series

OURS = "outlive."
# A type outlives everything that could hold it: a lost reference to one is a bug that keeps nothing alive.
HARMLESS = "type-references"
# What objects that may grow take up: their containers, their memory.
_ROOM = frozenset({"objects", "bytes", "items", "blocks", "native", "mapped"})


@dataclass(frozen=True)
class Assessment:
    """One judgement for each counter that ever moved, apart from our own and the excused ones.

    `excused` holds what may grow: allowed by the user, or in a container with a known bound that is not reached.
    `handles_grow` says that something scarce is being used up and has to be watched closely.
    """

    judged: Mapping[CounterKey, Judgement] = field(default_factory=dict)
    excused: Mapping[CounterKey, Judgement] = field(default_factory=dict)
    handles_grow: bool = False

    def in_state(self, *states: State) -> tuple[CounterKey, ...]:
        return tuple(key for key, one in self.judged.items() if one.state in states)

    @property
    def leaks(self) -> tuple[CounterKey, ...]:
        return self.in_state(State.LEAK)

    @property
    def open(self) -> tuple[CounterKey, ...]:
        """What more steps could still decide."""
        return tuple(key for key, one in self.judged.items() if one.open)


def assess(
    series: Mapping[CounterKey, Series],
    plan: Horizon | None = None,
    *,
    allow: Collection[str] = (),
    filling: Collection[CounterKey] = (),
    rules: Rules | None = None,
) -> Assessment:
    """Judge every counter.

    `plan` says from which step on an accusation is allowed; None allows it at once. `allow` names counters ("fds"),
    types ("app.Cache") or both ("fds:socket"). `filling` are counters whose growth is known to end.
    """
    rules = rules or Rules()
    moved = [one for key, one in series.items() if not key.type.startswith(OURS) and _moves(one)]
    e_needed = rules.e_needed(sum(_unsteady(one) for one in moved))
    judged: dict[CounterKey, Judgement] = {}
    excused: dict[CounterKey, Judgement] = {}
    for one in moved:
        judgement = _judge(one, plan, e_needed, rules)
        is_excused = one.key in filling or one.key.counter == HARMLESS or is_allowed(one.key, allow)
        (excused if is_excused else judged)[one.key] = judgement
    _excuse_what_holds(judged, excused, series)
    return Assessment(_without_echoes(judged), excused, any(_is_growing_handle(one) for one in moved))


def _excuse_what_holds(
    judged: dict[CounterKey, Judgement],
    excused: dict[CounterKey, Judgement],
    series: Mapping[CounterKey, Series],
) -> None:
    """What may grow needs room: builtin containers and totals that grow along with an excused type are excused, too."""
    leading = [key for key, one in excused.items() if key.type and one.rate.per_step > 0 and key.counter != HARMLESS]
    plain = [key for key in judged if key.counter in _ROOM and origin(key.type) == BUILTIN]
    for key in [key for key in plain if judged[key].rate.per_step > 0]:
        if any(grow_together(series[lead], excused[lead], series[key], judged[key]) for lead in leading):
            excused[key] = judged.pop(key)


def is_allowed(key: CounterKey, allow: Collection[str]) -> bool:
    """Whether the user lets this counter grow, by its counter, its type or `counter:type`."""
    return bool({key.counter, key.type, f"{key.counter}:{key.type}"} & set(allow)) if allow else False


def _judge(one: Series, plan: Horizon | None, e_needed: float, rules: Rules) -> Judgement:
    ready = plan is None or one.steps[-1] >= plan.accuse_counter_at(one.key.counter)
    least = rules.least_growth.get(one.key.counter, 1)
    return judge_series(one.steps, one.values, ready=ready, e_needed=e_needed, least_growth=least, rules=rules)


def _without_echoes(judged: dict[CounterKey, Judgement]) -> dict[CounterKey, Judgement]:
    """`mapped` sees only what others see first and better, arena by arena: alone open, it decides nothing."""
    return {
        key: replace(one, open=False) if key.counter == "mapped" and one.state != State.LEAK else one
        for key, one in judged.items()
    }


def _moves(one: Series) -> bool:
    return len(one.values) > 1 and min(one.values) != max(one.values)


def _unsteady(one: Series) -> bool:
    """Whether it both rises and falls after warm-up: only such a counter can accuse by chance."""
    tail = [value for step, value in zip(one.steps, one.values) if 4 * step >= one.steps[-1]]
    falls = any(b < a for a, b in itertools.pairwise(tail))
    return falls and any(b > a for a, b in itertools.pairwise(tail))


def _is_growing_handle(one: Series) -> bool:
    """Whether the latest readings of a scarce resource are above those of half as many steps."""
    if one.key.counter not in HANDLES:
        return False
    half = next(value for step, value in zip(one.steps, one.values) if 2 * step >= one.steps[-1])
    return one.values[-1] > half or (len(one.values) == 2 and one.values[1] > one.values[0])
