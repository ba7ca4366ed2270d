"""The growth per step and its 95 % interval, from floors. Knows no thresholds and judges nothing."""

from __future__ import annotations

import math

import numpy as np

from outlive.judge.floors import Floors
from outlive.model.verdict import Rate

_NORMAL_975 = 1.959964
_ZERO = Rate(0.0, 0.0, 0.0)


def rate_of(floors: Floors) -> Rate:
    """Total growth over total steps; the spread is what each block's growth deviates from that line.

    The blocks' deviations are summed as if independent (a sandwich estimate with Student's factor). Right for growth
    that comes by chance; too wide, never too narrow, for a leak under noise that comes and goes, because there
    the deviations of neighbouring floors cancel. An exact `+k` at every step gives an interval of no width. Where
    growth came in a few whole jumps, their count's own Poisson spread is the lower bound for the width.
    """
    length = int(floors.steps[-1] - floors.steps[0]) if len(floors.steps) > 1 else 0
    if length <= 0:
        return _ZERO
    per_step = floors.grown / length
    rises = floors.rises.astype(np.float64)
    deviations = rises - per_step * np.diff(floors.steps)
    blocks = len(rises)
    if blocks < 2:
        return Rate(per_step, -math.inf, math.inf)
    spread = math.sqrt(blocks / (blocks - 1) * float(np.sum(deviations**2)))
    reach = student_975(blocks - 1) * max(spread, _jump_spread(floors, deviations)) / length
    return Rate(per_step, per_step - reach, per_step + reach)


def _jump_spread(floors: Floors, deviations: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """The standard deviation of a total of rare whole jumps: size × √count. 0 when growth is exactly even."""
    rises = floors.rises
    moved = rises[rises != 0]
    if not len(moved) or float(np.max(np.abs(deviations))) < 1e-9:
        return 0.0
    quiet = len(moved) < len(rises)  # some blocks saw no jump at all: jumps are rare against blocks
    return float(np.median(np.abs(moved))) * math.sqrt(len(moved)) if quiet else 0.0


def student_975(freedom: int) -> float:
    """Student's t quantile at 97.5 % (Cornish–Fisher; within 1 % from five degrees of freedom on)."""
    z, n = _NORMAL_975, max(1, freedom)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3
