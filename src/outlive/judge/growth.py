"""One counter's readings in, one judgement out. Knows numbers and steps; not what is counted, nor other counters.

Theory of operation. Only the last three quarters of the steps speak: the first quarter is warm-up. They are two
disjoint windows, the second twice as long as the first:

    0 ······ N/4 ──── window 1 ──── N/2 ─────────── window 2 ─────────── N

A counter *leaks* when its floors (floors.py) rise in both windows beyond chance (evidence.py), at a rate that does
not fade from the first to the second, in many jumps rather than one, higher than it ever fell, and until the end.
So each accusation is made in window 1 and confirmed on later steps, twice as many. As N doubles, the windows
move on: whatever fills up is flat in them from twice its size on, and no wait is too long to be confirmed later.

Things that don't work: trend tests (Mann-Kendall, Theil-Sen, least squares) call half of all clean programs leaky,
because warm-up is a trend and readings are not independent; a threshold on growth misses all small leaks; a sign
test without the fading rule accuses every cache that is filling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from outlive.judge.evidence import sign_e_value
from outlive.judge.floors import Floors, Ints, block_floors, deepest_fall, effective_jumps
from outlive.judge.rates import rate_of
from outlive.judge.rules import Rules
from outlive.model.verdict import Rate

_NO_RATE = Rate(0.0, 0.0, 0.0)


class State(str, Enum):
    FLAT = "flat"  # never moved
    SETTLED = "settled"  # moved, then never again
    NOISY = "noisy"  # moves, and does not end higher than chance
    SETTLING = "settling"  # grew like a warm-up: fading, in a few jumps, or stopped
    GROWING = "growing"  # may be a leak; not enough seen to say so
    LEAK = "leak"  # certain, and confirmed a second time


@dataclass(frozen=True)
class Judgement:
    """What one counter did over its last three quarters.

    `open` means that more steps could still decide; `steady`, that it rose beyond chance, or at each of few readings.
    """

    state: State
    reason: str
    rate: Rate = _NO_RATE
    e_value: float = 1.0
    ups: int = 0
    downs: int = 0
    steps: int = 0
    before: int = 0
    after: int = 0
    fall: int = 0
    open: bool = False
    steady: bool = False


def judge_series(
    steps: Sequence[int],
    values: Sequence[int],
    *,
    ready: bool = True,
    e_needed: float = 100.0,
    least_growth: int = 1,
    rules: Rules | None = None,
) -> Judgement:
    """Judge one counter. `ready=False` says that too few steps have run for any accusation: at most *growing*.

    >>> judge_series(range(0, 4000, 100), range(0, 4000, 100)).state.value
    'leak'
    >>> judge_series(range(0, 4000, 100), [7] * 40).state.value
    'flat'
    """
    rules = rules or Rules()
    if len(values) == 0 or min(values) == max(values):
        return _still(State.FLAT, "never changed", steps, values)
    at, seen = np.asarray(steps, dtype=np.int64), np.asarray(values, dtype=np.int64)
    first = int(np.searchsorted(4 * at, at[-1]))
    half = int(np.searchsorted(2 * at, at[-1]))
    if _is_still(seen[half:]) and len(seen) - half >= rules.fewest_samples // 2:
        return _still(State.SETTLED, "changed only while warming up", steps, values)
    tail_steps, tail = at[first:], seen[first:]
    if len(tail) < 3 and tail[-1] > seen[0]:
        return Judgement(State.GROWING, "too few readings", before=int(seen[0]), after=int(seen[-1]), open=True)
    if len(tail) < 3:
        return Judgement(State.NOISY, "ended no higher than it began", before=int(seen[0]), after=int(seen[-1]))
    return _Look(tail_steps, tail, int(at[-1]) // 2, rules).judge(ready, e_needed, least_growth)


@dataclass(frozen=True)
class _Look:
    """The two windows of one counter that moved."""

    steps: Ints
    values: Ints
    middle: int
    rules: Rules

    def judge(self, ready: bool, e_needed: float, least_growth: int) -> Judgement:
        floors = block_floors(self.steps, self.values, self.rules.floors)
        rises = floors.rises
        ups, downs = int(np.sum(rises > 0)), int(np.sum(rises < 0))
        e_value = sign_e_value(ups, downs)
        state, reason, still_open = self._decide(floors, e_value)
        rate = rate_of(floors)
        if state == State.LEAK:
            state, reason, still_open = self._accuse(floors, rate, e_value, ready, e_needed, least_growth)
        return Judgement(
            state=state,
            reason=reason,
            rate=rate,
            e_value=e_value,
            ups=ups,
            downs=downs,
            steps=int(self.steps[-1] - self.steps[0]),
            before=int(self.values[0]),
            after=int(self.values[-1]),
            fall=deepest_fall(self.values),
            open=still_open,
            steady=e_value >= self.rules.worth_a_note_e or _rises_throughout(floors),
        )

    def _decide(self, floors: Floors, e_value: float) -> tuple[State, str, bool]:
        """The rules of shape, in order: each asks what innocent thing this growth could be."""
        rules = self.rules
        worth_more = e_value >= rules.worth_following_e
        if floors.grown <= 0:
            return State.NOISY, "ended no higher than it began", False
        if floors.grown < rules.over_falls * deepest_fall(self.values):
            return State.NOISY, "rose no higher than it falls", worth_more
        if self._hangs_on_one_tooth(floors):
            return State.NOISY, "rose only since it last fell", worth_more
        if len(self.values) < rules.fewest_samples and _rises_throughout(floors):
            return State.GROWING, "rises at each reading, and there are too few of them", True
        if self._stopped():
            return State.SETTLING, "grew, then stopped", worth_more
        if effective_jumps(floors) < rules.fewest_jumps:
            return State.SETTLING, "grew in a few jumps", worth_more
        early, late = self._window_rates(floors)
        if late <= 0:
            return State.SETTLING, "grew only in the first window", False
        if early <= 0:
            return State.GROWING, "began to grow late: not yet confirmed on later steps", True
        if late < rules.not_fading * early:
            return State.SETTLING, "grows ever more slowly", worth_more
        if e_value < rules.worth_a_note_e:
            return State.NOISY, "rose a few times, as chance would have it", worth_more
        return State.LEAK, "grows at the same rate in two windows of steps, the second twice as long", False

    def _accuse(
        self, floors: Floors, rate: Rate, e_value: float, ready: bool, e_needed: float, least_growth: int
    ) -> tuple[State, str, bool]:
        """The rules of weight: it has a leak's shape; is there enough of it?"""
        rules = self.rules
        first, second = self._window_evidence(floors)
        if e_value < e_needed or first < rules.first_window_e or second < rules.second_window_e:
            return State.GROWING, "rises more often than it falls, but not yet beyond chance", True
        if rate.low <= 0:
            return State.GROWING, "its rate is not yet certain to be above zero", True
        if floors.grown < least_growth:
            return State.GROWING, "has grown by too little to mean anything", True
        if not ready or len(self.values) < rules.fewest_samples:
            return State.GROWING, "grows steadily, but too few steps have run to tell a leak from a warm-up", True
        return State.LEAK, "grows at the same rate in two windows of steps, the second twice as long", False

    def _window_rates(self, floors: Floors) -> tuple[float, float]:
        cut = self._cut(floors)
        steps, values = floors.steps, floors.values
        early = (values[cut] - values[0]) / max(1, steps[cut] - steps[0])
        late = (values[-1] - values[cut]) / max(1, steps[-1] - steps[cut])
        return float(early), float(late)

    def _window_evidence(self, floors: Floors) -> tuple[float, float]:
        cut = self._cut(floors)
        return _evidence(floors.rises[:cut]), _evidence(floors.rises[cut:])

    def _cut(self, floors: Floors) -> int:
        """The floor that ends window 1 and begins window 2."""
        cut = int(np.searchsorted(floors.steps, self.middle))
        return min(max(cut, 1), len(floors.steps) - 2) if len(floors.steps) > 2 else 1

    def _stopped(self) -> bool:
        """Has the last stretch been silent for longer than this growth is ever silent?

        A fill that ends shortly before the run does would pass all other rules.
        """
        steps, values = self.steps[self.steps >= self.middle], self.values[self.steps >= self.middle]
        moves = np.flatnonzero(np.diff(values))
        if not len(moves):
            return True
        last = int(moves[-1]) + 1
        silent_steps = int(steps[-1] - steps[last])
        usual = (len(moves) + 0.5) / (last + 1)
        readings_missed = silent_steps * last / max(1, int(steps[last] - steps[0]))
        return bool((1 - usual) ** readings_missed < self.rules.stopped) if silent_steps else False

    def _hangs_on_one_tooth(self, floors: Floors) -> bool:
        """Did it rise only after its last deep fall? Then this is a saw-tooth whose last tooth is a long one.

        A leak under a saw-tooth shows in the troughs: what is left right after a fall must lie on the line, too.
        """
        deep = self.rules.deep_fall * deepest_fall(self.values)
        falls = np.flatnonzero(np.diff(self.values) < -deep) if deep else np.empty(0, dtype=np.int64)
        if not len(falls):
            return False
        trough = int(falls[-1]) + 1
        due = floors.grown * int(self.steps[trough] - self.steps[0]) / max(1, int(self.steps[-1] - self.steps[0]))
        kept = int(np.min(self.values[trough:])) - int(floors.values[0])
        return bool(due > self.rules.too_early_to_tell * floors.grown and kept < due / 2)


def _evidence(rises: Ints) -> float:
    return sign_e_value(int(np.sum(rises > 0)), int(np.sum(rises < 0)))


def _rises_throughout(floors: Floors) -> bool:
    """A handful of readings, each above the one before: too few for chance to be ruled out, too even to be ignored."""
    return len(floors.rises) >= 2 and bool(np.all(floors.rises > 0))


def _is_still(values: Ints) -> bool:
    return bool(np.all(values == values[-1]))


def _still(state: State, reason: str, steps: Sequence[int], values: Sequence[int]) -> Judgement:
    if not len(values):
        return Judgement(state, reason)
    return Judgement(state, reason, steps=steps[-1] - steps[0], before=values[0], after=values[-1])
