"""Floors: the lowest reading of each block of consecutive readings.

A floor asks "did it ever come back down?": work in flight lifts single readings, a leak lifts the floor. Knows
nothing of what the numbers count.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Floors:
    """The lowest value of each block, and the step at which it was read (the first such step, in order)."""

    steps: Ints
    values: Ints

    @property
    def rises(self) -> Ints:
        """What each floor adds to the one before; negative where it fell."""
        return np.diff(self.values)

    @property
    def grown(self) -> int:
        return int(self.values[-1] - self.values[0])


def block_floors(steps: Ints, values: Ints, blocks: int) -> Floors:
    """Cut the readings in `blocks` runs of equal count (fewer when there are fewer readings) and keep each minimum.

    The step kept is the one where the minimum was read, not the block's middle: blocks of unequal length would
    otherwise bend a straight line.
    """
    count = min(blocks, len(values))
    edges = np.linspace(0, len(values), count + 1).astype(np.int64)
    lowest = [int(a + np.argmin(values[a:b])) for a, b in itertools.pairwise(edges)]
    return Floors(steps[lowest], values[lowest])


def deepest_fall(values: Ints) -> int:
    """The largest drop from any reading to a later one; 0 for a series that never falls."""
    return int(np.max(np.maximum.accumulate(values) - values))


def effective_jumps(floors: Floors) -> float:
    """How many equal jumps would spread the growth as evenly as it is: n equal ones give n, one big one gives 1.

    Seen by readings and by steps, the more even view counts: between two readings lie few steps or many, and what
    grows with each step looks like jumps where they are many.
    """
    up = np.maximum(floors.rises, 0).astype(np.float64)
    return max(_evenness(up), _evenness(up / np.maximum(np.diff(floors.steps), 1)))


def _evenness(parts: npt.NDArray[np.float64]) -> float:
    squares = float(np.sum(parts * parts))
    return float(np.sum(parts)) ** 2 / squares if squares else 0.0
