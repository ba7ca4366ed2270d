"""Is it a leak? Pure judgement over counters: no I/O, no clock, no memory between calls.

A session's loop, in words:

    while True:
        plan = horizon(budget, progress, series.values())          # how far to go before any verdict
        found = assess(series, plan, allow=…, filling=…)           # each counter judged
        move = next_move(budget, progress, plan, found)
        if isinstance(move, Stop): break
        reading = trial.advance(move.steps)                        # the session's, not ours
    conclusion = conclude(found, series, plan, move, filling=…)
"""

from outlive.judge.assessment import Assessment, assess
from outlive.judge.conclusion import Conclusion, conclude
from outlive.judge.controls import DROPPED, LEAKED
from outlive.judge.growth import Judgement, State, judge_series
from outlive.judge.horizon import Budget, Horizon, Progress, horizon
from outlive.judge.rules import Rules
from outlive.judge.schedule import Run, Stop, next_move

__all__ = [
    "Assessment",
    "Budget",
    "Conclusion",
    "DROPPED",
    "Horizon",
    "Judgement",
    "LEAKED",
    "Progress",
    "Rules",
    "Run",
    "State",
    "Stop",
    "assess",
    "conclude",
    "horizon",
    "judge_series",
    "next_move",
]
