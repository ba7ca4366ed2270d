"""What to do next: run so many steps and sample, or stop. A pure plan; knows costs and judgements, not the clock.

Theory of operation. Up to a quarter of the horizon the run doubles its steps between samples: warm-up needs no
detail. From there each octave (N/4 to N/2, N/2 to N, …) gets the same number of samples, so that the judge's two
windows are equally rich wherever the run ends. Batches vary by the golden ratio: sampling at even distances would see a
slow, steady rise in anything that comes and goes with a period close to the distance.

Nothing is accused before the horizon and everything flat is acquitted there; what is neither goes on for more octaves
while time lasts.
"""

from __future__ import annotations

from dataclasses import dataclass

from outlive.judge.assessment import Assessment
from outlive.judge.horizon import Budget, Horizon, Progress

_GOLDEN = 0.6180339887498949
_FEWEST_PER_OCTAVE = 10
_MOST_PER_OCTAVE = 48
# An open question is followed for at most so many times the horizon: past that, time buys nothing.
_FOLLOW = 8


@dataclass(frozen=True)
class Run:
    """Advance by so many steps, then sample."""

    steps: int


@dataclass(frozen=True)
class Stop:
    """`slug`: certain, nothing-grows, steps, time, undecided. `reason` is for people."""

    slug: str
    reason: str


def next_move(budget: Budget, progress: Progress, plan: Horizon, assessment: Assessment) -> Run | Stop:
    """The next batch, or the reason to end. Ask again after each sample."""
    if assessment.leaks:
        return Stop("certain", "the leak was found and confirmed on later steps")
    if budget.steps is not None and progress.steps >= budget.steps:
        return Stop("steps", f"the limit of {budget.steps:,} steps was reached")
    left = budget.seconds - progress.elapsed_seconds
    if progress.samples and left <= progress.seconds_per_step + progress.seconds_per_sample:
        return Stop("time", f"the time budget of {budget.seconds:g} s is used up")
    if progress.steps >= plan.acquit_at and progress.samples:
        if not assessment.open:
            return Stop("nothing-grows", "everything that was counted stays level")
        if progress.steps >= _FOLLOW * plan.acquit_at:
            return Stop("undecided", "what still moves does not become clearer with more steps")
    return Run(_batch(budget, progress, plan, assessment, left))


def _batch(budget: Budget, progress: Progress, plan: Horizon, assessment: Assessment, left: float) -> int:
    start = max(1, _dense_from(plan, assessment))
    steps = progress.steps
    if steps < start:
        wanted = min(max(1, steps), start - steps)
    else:
        octave = start << ((steps // start).bit_length() - 1)
        jitter = 0.75 + 0.5 * ((progress.samples * _GOLDEN) % 1.0)
        wanted = round(octave / _per_octave(budget, progress, steps > plan.acquit_at) * jitter)
    return _within(wanted, budget, progress, left)


def _dense_from(plan: Horizon, assessment: Assessment) -> int:
    """A quarter of the earliest horizon that could matter: that of handles only while handles grow."""
    return (plan.accuse_handles_at if assessment.handles_grow else plan.accuse_at) // 4


def _per_octave(budget: Budget, progress: Progress, following: bool) -> int:
    """Samples per octave: a third of the patience at most goes on sampling; following a doubt may cost more."""
    share = budget.seconds / 8 if following else budget.patience_seconds / 3
    fits = share / max(progress.seconds_per_sample, 1e-6)
    return int(min(max(fits, _FEWEST_PER_OCTAVE), 2 * _MOST_PER_OCTAVE if following else _MOST_PER_OCTAVE))


def _within(wanted: int, budget: Budget, progress: Progress, left: float) -> int:
    """No batch may eat more than the time left, its sample included, nor pass the step limit."""
    left -= progress.seconds_per_sample
    fits = left / progress.seconds_per_step if progress.seconds_per_step > 0 else float("inf")
    most = budget.steps - progress.steps if budget.steps is not None else wanted
    return max(1, int(min(wanted, fits, most)))
