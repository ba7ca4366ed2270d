"""A whole run on a clock that is a number: programs as functions of the step, the real plan, the real judge.

Not a mock: the loop below is the one in `outlive.judge`'s docstring, with arithmetic in place of a child process.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from outlive.judge import LEAKED, Budget, Conclusion, Progress, Stop, assess, conclude, horizon, next_move
from outlive.model.series import CounterKey, Series

# A program: called once per step with its number, it returns nothing and changes its own counters.
Counters = dict[CounterKey, int]
Program = Callable[[int, Counters, random.Random], None]

OBJECTS = CounterKey("objects", "app.Session")
BLOCKS = CounterKey("blocks")
FDS = CounterKey("fds", "file")


@dataclass(frozen=True)
class Simulated:
    conclusion: Conclusion
    stop: Stop
    steps: int
    samples: int
    seconds: float
    series: Mapping[CounterKey, Series]


def simulate(
    program: Program,
    *,
    seed: int = 0,
    step_seconds: float = 50e-6,
    sample_seconds: float = 0.01,
    budget: Budget | None = None,
    control: bool = True,
) -> Simulated:
    """Run `program` until the plan stops it."""
    budget = budget or Budget()
    rng = random.Random(seed)
    now: Counters = {}
    at: list[int] = []
    rows: list[Counters] = []
    steps = samples = 0
    seconds = 0.2  # the process starts
    while True:
        series = _series(at, rows)
        progress = Progress(steps, samples, seconds, step_seconds if steps else 0.0, sample_seconds if samples else 0.0)
        plan = horizon(budget, progress, series.values())
        found = assess(series, plan)
        move = next_move(budget, progress, plan, found)
        if isinstance(move, Stop):
            return Simulated(conclude(found, series, plan, move), move, steps, samples, seconds, series)
        for _ in range(move.steps):
            program(steps, now, rng)
            steps += 1
        samples += 1
        now[LEAKED] = now.get(LEAKED, 0) + int(control)
        at.append(steps)
        rows.append(dict(now))
        seconds += move.steps * step_seconds + sample_seconds


def _series(at: list[int], rows: list[Counters]) -> dict[CounterKey, Series]:
    keys = {key for row in rows for key in row}
    return {key: Series(key, tuple(at), tuple(row.get(key, 0) for row in rows)) for key in keys}
