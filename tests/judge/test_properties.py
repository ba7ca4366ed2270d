"""What must hold for every series, whatever the thresholds are."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.judge import State, judge_series
from outlive.judge.evidence import sign_e_value
from outlive.judge.floors import block_floors, deepest_fall, effective_jumps

pytestmark = pytest.mark.any_python

amounts = st.integers(-(10**9), 10**9)
values = st.lists(amounts, min_size=1, max_size=80)


def steps_of(readings: list[int]) -> range:
    return range(100, 100 * len(readings) + 1, 100)


@given(amounts, st.integers(1, 200))
def test_constant_series_are_flat(level: int, count: int) -> None:
    assert judge_series(range(count), [level] * count).state is State.FLAT


@given(values, amounts)
def test_adding_a_constant_changes_nothing(readings: list[int], constant: int) -> None:
    plain = judge_series(steps_of(readings), readings)
    lifted = judge_series(steps_of(readings), [value + constant for value in readings])

    assert (lifted.state, lifted.e_value, lifted.rate) == (plain.state, plain.e_value, plain.rate)


@given(values, st.integers(2, 50))
def test_steps_twice_as_long_halve_the_rate_and_keep_the_state(readings: list[int], factor: int) -> None:
    plain = judge_series(steps_of(readings), readings)
    longer = judge_series([factor * step for step in steps_of(readings)], readings)

    assert longer.state is plain.state
    assert abs(longer.rate.per_step * factor - plain.rate.per_step) <= 1e-9 * max(1.0, abs(plain.rate.per_step))


@given(values)
def test_what_never_rises_is_never_accused(readings: list[int]) -> None:
    falling = sorted(readings, reverse=True)

    assert judge_series(steps_of(falling), falling).state not in (State.LEAK, State.GROWING)


@given(st.integers(1, 10**6), st.integers(30, 120), amounts)
def test_the_same_amount_at_each_step_is_always_a_leak(amount: int, count: int, start: int) -> None:
    readings = [start + amount * step for step in range(count)]
    judged = judge_series(range(1, count + 1), readings)

    assert judged.state is State.LEAK
    assert judged.rate.low <= amount <= judged.rate.high


@given(values)
def test_the_interval_holds_the_rate(readings: list[int]) -> None:
    rate = judge_series(steps_of(readings), readings).rate

    assert rate.low <= rate.per_step <= rate.high


@given(st.integers(0, 300), st.integers(0, 300))
def test_one_more_rise_is_more_evidence_and_one_more_fall_is_less(ups: int, downs: int) -> None:
    here = sign_e_value(ups, downs)

    assert sign_e_value(ups + 1, downs) >= here >= sign_e_value(ups, downs + 1)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=60), st.integers(1, 20))
def test_floors_are_readings_in_order(readings: list[int], blocks: int) -> None:
    import numpy as np

    steps = np.arange(len(readings), dtype=np.int64)
    floors = block_floors(steps, np.asarray(readings, dtype=np.int64), blocks)

    assert all(readings[step] == value for step, value in zip(floors.steps, floors.values))
    assert list(floors.steps) == sorted(set(floors.steps.tolist()))


def test_effective_jumps_count_equal_jumps() -> None:
    import numpy as np

    assert effective_jumps(np.array([3, 3, 0, 3, 3])) == 4.0
    assert effective_jumps(np.array([0, 0, 99])) == 1.0
    assert deepest_fall(np.array([1, 9, 4, 8, 2])) == 7


def test_chance_alone_is_accused_less_than_once_in_a_hundred_series() -> None:
    """Noise about a level, a fair walk, and a fair walk that moves rarely: 1,500 series, 15 accusations at most."""
    rng = random.Random(20)
    accused = 0
    for number in range(1500):
        chance = (1.0, 1.0, 0.1)[number % 3]
        walk, readings = 0, []
        for _ in range(100):
            move = rng.choice((-1, 1)) if rng.random() < chance else 0
            walk = move * 10 if number % 3 == 0 else walk + move
            readings.append(walk)
        accused += judge_series(steps_of(readings), readings).state is State.LEAK

    assert accused <= 15
