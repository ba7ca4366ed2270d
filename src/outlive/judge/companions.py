"""Which counters grow together. Knows growth curves; not what they mean.

Two counters are companions when their growth, each as a share of its own total, runs along the same curve over the
same steps. Two leaks of once per step run along the same line and are taken as one: the numbers cannot part them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from outlive.judge.growth import Judgement
from outlive.model.series import Series

# How far the curves may part, beyond what whole jumps and noise explain. Random arrivals of two different leaks, forty
# each, part by 0.2 as a rule.
_APART = 0.08
# A class that appears so many times less often than the leader is another mistake, not a part of it.
_RARER = 20.0


def grow_together(a: Series, of_a: Judgement, b: Series, of_b: Judgement) -> bool:
    """Whether the two curves are one, within the coarser one's steps and noise."""
    grown = (a.values[-1] - _start(a), b.values[-1] - _start(b))
    if min(grown) <= 0:
        return False
    steps, curve_a = _curve(a)
    curve_b = np.interp(steps, *_curve(b))
    apart = float(np.max(np.abs(curve_a - curve_b)))
    blur = sum((one.fall + _largest_rise(series)) / total for series, one, total in zip((a, b), (of_a, of_b), grown))
    return apart <= _APART + min(blur, 0.5)


def is_another_mistake(leader: Judgement, other: Judgement) -> bool:
    """Whether `other`, a class of its own, appears too rarely to belong to `leader`."""
    return other.rate.per_step * _RARER < leader.rate.per_step


def _tail(series: Series) -> int:
    return next(k for k, step in enumerate(series.steps) if 4 * step >= series.steps[-1])


def _start(series: Series) -> int:
    return series.values[_tail(series)]


def _curve(series: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps, and growth as a share of the whole, over the last three quarters."""
    first = _tail(series)
    steps = np.asarray(series.steps[first:], dtype=np.float64)
    values = np.asarray(series.values[first:], dtype=np.float64)
    return steps, (values - values[0]) / max(1.0, values[-1] - values[0])


def _largest_rise(series: Series) -> int:
    """The largest jump beyond the even share of its interval: an even line has none, a doubling table has big ones."""
    first = _tail(series)
    values = np.asarray(series.values[first:], dtype=np.float64)
    steps = np.asarray(series.steps[first:], dtype=np.float64)
    if len(values) < 2:
        return 0
    even = np.diff(steps) * (values[-1] - values[0]) / max(1.0, steps[-1] - steps[0])
    return int(max(0.0, float(np.max(np.diff(values) - even))))
