"""Does the 95 % interval hold the true rate 95 times in a hundred?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from outlive.judge.floors import Ints, block_floors
from outlive.judge.rates import rate_of, student_975

_ROUNDS = 400
# Two standard errors of a 95 % share counted over 400 rounds are 2.2 %.
_LEAST_COVERED = 0.91


def sample_steps() -> Ints:
    """Two octaves of samples, as the schedule draws them."""
    first = np.linspace(8_192, 16_384, 25)[:-1]
    return np.concatenate([first, np.linspace(16_384, 32_768, 25)]).astype(np.int64)


def covered(draw: Callable[[np.random.Generator, Ints], Ints], truth: float) -> float:
    rng, steps, hits = np.random.default_rng(7), sample_steps(), 0
    for _ in range(_ROUNDS):
        rate = rate_of(block_floors(steps, draw(rng, steps), 20))
        hits += rate.low <= truth <= rate.high
    return hits / _ROUNDS


@pytest.mark.parametrize("truth", [1.0, 0.1, 0.01, 0.003, 0.001, 0.0005])
def test_growth_by_chance_is_covered(truth: float) -> None:
    def draw(rng: np.random.Generator, steps: Ints) -> Ints:
        return np.cumsum(np.concatenate([[0], rng.poisson(truth * np.diff(steps))])).astype(np.int64)

    assert covered(draw, truth) >= _LEAST_COVERED


@pytest.mark.parametrize("noise", [1.0, 10.0, 100.0])
def test_growth_under_noise_is_covered(noise: float) -> None:
    def draw(rng: np.random.Generator, steps: Ints) -> Ints:
        return np.round(0.1 * steps + rng.normal(0, noise, len(steps))).astype(np.int64)

    assert covered(draw, 0.1) >= _LEAST_COVERED


@pytest.mark.parametrize("every", [1, 10, 100, 997])
def test_regular_growth_is_covered_whatever_its_phase(every: int) -> None:
    def draw(rng: np.random.Generator, steps: Ints) -> Ints:
        return np.asarray((steps + rng.integers(every)) // every)

    assert covered(draw, 1 / every) >= _LEAST_COVERED


def test_exact_growth_has_an_interval_of_no_width() -> None:
    rate = rate_of(block_floors(sample_steps(), 3 * sample_steps(), 20))

    assert rate.low == rate.per_step == rate.high == 3.0


def test_two_floors_leave_the_interval_open() -> None:
    rate = rate_of(block_floors(np.array([1, 2]), np.array([5, 6]), 20))

    assert (rate.per_step, rate.low, rate.high) == (1.0, -math.inf, math.inf)


def test_student_quantiles_agree_with_the_tables() -> None:
    for freedom, table in ((5, 2.571), (10, 2.228), (19, 2.093), (60, 2.000)):
        assert abs(student_975(freedom) - table) < 0.01 * table
