"""Sampling one process at an interval until it ends, a limit is reached or somebody stops it.

A sample is due at whole multiples of the interval after the first, so that the series does not drift; one that could
not be taken in time is skipped, never made up for. The last sample of a time limit falls on the limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from outlive.model.figures import Sample
from outlive.probes.refusals import ProcessGone
from outlive.tracker.tracker import Tracker
from outlive.tracker.waiting import Waiting, Woken


@dataclass(frozen=True)
class Plan:
    """`for_s` and `samples` count from the end of the warm-up; None is no limit.

    The warm-up is sampled and shown, then forgotten: a program that has just begun grows because it begins.
    """

    every_s: float = 1.0
    for_s: float | None = None
    samples: int | None = None
    warmup_s: float = 0.0


class Stopped(Enum):
    """Why a watch ended."""

    ENDED = "the process ended"
    LIMIT = "the limit was reached"
    INTERRUPTED = "it was interrupted"
    TERMINATED = "it was told to end"


@dataclass(frozen=True)
class Ending:
    """Why it ended, and whether that was still within the warm-up."""

    stopped: Stopped
    in_warmup: bool = False

    @property
    def by_itself(self) -> bool:
        """Whether the process ended first, and not the watch."""
        return self.stopped is Stopped.ENDED


# What the caller does with each sample; the second argument says whether it belongs to the warm-up.
OnSample = Callable[[Sample, bool], None]

_STOPPED = {
    Woken.ENDED: Stopped.ENDED,
    Woken.INTERRUPTED: Stopped.INTERRUPTED,
    Woken.TERMINATED: Stopped.TERMINATED,
}


def watch(tracker: Tracker, plan: Plan, waiting: Waiting, on_sample: OnSample) -> Ending:
    """Sample as planned. `tracker` then holds the samples after the warm-up, or the warm-up's if it ended in it.

    Raises ProcessGone when there is no process to begin with, NotPermitted as `Tracker.sample` does.
    """
    if plan.warmup_s > 0:
        warming = _follow(tracker, Plan(plan.every_s, for_s=plan.warmup_s), waiting, lambda s: on_sample(s, True))
        if warming is not Stopped.LIMIT:
            return Ending(warming, in_warmup=True)
    try:
        return Ending(_follow(tracker, plan, waiting, lambda sample: on_sample(sample, False)))
    except ProcessGone:
        if plan.warmup_s > 0:
            return Ending(Stopped.ENDED, in_warmup=True)
        raise


def _follow(tracker: Tracker, plan: Plan, waiting: Waiting, show: Callable[[Sample], None]) -> Stopped:
    began = time.monotonic()
    limit = math.inf if plan.for_s is None else began + plan.for_s
    sample = tracker.start()
    show(sample)
    while plan.samples is None or sample.number < plan.samples:
        due = min(_next_due(began, plan.every_s), limit)
        woken = waiting.until(due)
        if woken is not Woken.TIME:
            return _STOPPED[woken]
        try:
            sample = tracker.sample()
        except ProcessGone:
            return Stopped.ENDED
        show(sample)
        if due >= limit:
            break
    return Stopped.LIMIT


def _next_due(began: float, every_s: float) -> float:
    """The next whole multiple of the interval that is not past."""
    return began + (math.floor((time.monotonic() - began) / every_s) + 1) * every_s
