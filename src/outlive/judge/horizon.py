"""How many steps a run must have gone before it may accuse, and before it may acquit. Pure arithmetic on costs.

Theory of operation. A bounded cache and a leak look the same until the cache is full, so an accusation has to wait
until caches of ordinary size are full: as many steps as fit in a couple of seconds, and never fewer than a couple of
thousand where the budget affords them. But a leak must not be fed for longer than the machine bears: the wait ends
earlier when what grew would exhaust descriptors, threads or memory, for no pool has that many either. An acquittal
must have gone far enough to have seen a leak of one in a thousand steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outlive.judge.rules import HANDLES
from outlive.model.series import Series

# Past this many steps, an accusation gains little: 65,536 steps outgrow nearly every bounded cache.
_MOST_BEFORE_ACCUSING = 1 << 16
# A cache of 4096 entries, filled by one entry per step, is flat for half of this.
_FEWEST_WHEN_AFFORDABLE = 8192
# Where even that is not affordable. Below 800 steps, one clean program in fifteen was accused (MEASURED C3), most of
# them caches that were filling; who sets a lower limit of steps knows the program and is taken at the word.
_FEWEST_STEPS = 800
_FEWEST_STEPS_HEAVY = 128
_FEWEST_STEPS_HANDLES = 64
# A leak of one in a thousand steps shows 25 times in the last three quarters of these.
_ACQUIT_AT = 1 << 15
_BEFORE_CONFIRMING = 0.75


@dataclass(frozen=True)
class Budget:
    """What a check may use up. `steps` None: as many as time allows.

    `patience_seconds` is the stepping time after which a plain leak should be named. The growth limits say how
    much may leak for the sake of certainty: a tool that fills the machine to prove a leak is no help.
    """

    steps: int | None = None
    seconds: float = 20.0
    patience_seconds: float = 1.5
    growth_bytes: int = 256 << 20
    growth_blocks: int = 500_000
    growth_handles: int = 384


@dataclass(frozen=True)
class Progress:
    """What the run has cost so far. The two costs are those of the latest batches: steps get cheaper and dearer."""

    steps: int = 0
    samples: int = 0
    elapsed_seconds: float = 0.0
    seconds_per_step: float = 0.0
    seconds_per_sample: float = 0.0


@dataclass(frozen=True)
class Horizon:
    """Steps to have run before accusing (handles, and anything else) and before acquitting."""

    accuse_handles_at: int = _FEWEST_STEPS_HANDLES
    accuse_at: int = _FEWEST_WHEN_AFFORDABLE
    acquit_at: int = _ACQUIT_AT

    def accuse_counter_at(self, counter: str) -> int:
        return self.accuse_handles_at if counter in HANDLES else self.accuse_at


def horizon(budget: Budget, progress: Progress, series: Iterable[Series]) -> Horizon:
    """Plan from what is known now; planned again after each sample, because costs and growth change."""
    affordable = _affordable(budget, progress)
    patient = budget.patience_seconds / max(progress.seconds_per_step, 1e-9)
    wished = min(max(patient, _FEWEST_WHEN_AFFORDABLE), _MOST_BEFORE_ACCUSING)
    handles, heavy = _growth_limits(budget, series)
    accuse = max(min(wished, affordable, heavy), _least(budget, heavy))
    accuse_handles = max(min(wished, affordable, handles), _least_for_handles(budget, handles))
    acquit = max(accuse, min(_ACQUIT_AT, affordable))
    return Horizon(int(accuse_handles), int(accuse), int(acquit))


def _least(budget: Budget, heavy: float) -> float:
    """The fewest steps before an accusation: fewer where each step loses so much that no cache could want it."""
    least = max(_FEWEST_STEPS_HEAVY, min(heavy, _FEWEST_STEPS))
    return max(_FEWEST_STEPS_HANDLES, min(least, budget.steps)) if budget.steps is not None else least


def _least_for_handles(budget: Budget, handles: float) -> float:
    """No pool that a program fills at once is larger than a third of the growth limit; a slow one needs as long."""
    return min(max(_FEWEST_STEPS_HANDLES, handles / 3), _least(budget, handles))


def _affordable(budget: Budget, progress: Progress) -> float:
    """The step count at three quarters of the time: what comes after that is for confirming on later steps.

    A share of the time that is *left* would recede as the run comes near, and be reached with no time to confirm.
    """
    left = max(0.0, _BEFORE_CONFIRMING * budget.seconds - progress.elapsed_seconds)
    steps = progress.steps + left / max(progress.seconds_per_step, 1e-9)
    return min(steps, budget.steps) if budget.steps is not None else steps


def _growth_limits(budget: Budget, series: Iterable[Series]) -> tuple[float, float]:
    """The step counts at which the handles' and the memory's growth limits would be reached at the present rate."""
    handles = heavy = float("inf")
    # Not `mapped`: each thread reserves 72 MB of addresses that no one pays for.
    limits = {"blocks": budget.growth_blocks, "native": budget.growth_bytes}
    for one in series:
        if one.key.counter in HANDLES:
            handles = min(handles, _steps_until(one, budget.growth_handles))
        elif one.key.counter in limits and not one.key.type:
            heavy = min(heavy, _steps_until(one, limits[one.key.counter]))
    return handles, heavy


def _steps_until(series: Series, limit: int) -> float:
    """At the rate of the later half of the steps; infinity where nothing grew there.

    The readings of the very first steps are no rate: imports and first uses belong to no step.
    """
    if len(series.steps) < 2:
        return float("inf")
    last = len(series.steps) - 1
    since = next(k for k, step in enumerate(series.steps) if 2 * step >= series.steps[-1])
    since = min(since, last - 1)
    grown = series.values[last] - series.values[since]
    if grown <= 0 or (since == 0 and series.steps[last] <= 2):
        return float("inf")
    return limit * (series.steps[last] - series.steps[since]) / grown
