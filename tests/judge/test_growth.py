"""One counter at a time: which shapes are leaks and which are not."""

from __future__ import annotations

import random

import pytest

from outlive.judge import State, judge_series

STEPS = list(range(0, 20_001, 250))


def state(values: list[int], steps: list[int] = STEPS) -> State:
    return judge_series(steps, values).state


def test_a_level_counter_is_flat() -> None:
    assert state([42] * len(STEPS)) is State.FLAT


def test_no_readings_are_flat() -> None:
    assert judge_series([], []).state is State.FLAT


def test_one_more_per_step_is_a_leak_with_an_exact_rate() -> None:
    judged = judge_series(STEPS, STEPS)

    assert judged.state is State.LEAK
    assert (judged.rate.low, judged.rate.per_step, judged.rate.high) == (1.0, 1.0, 1.0)
    assert judged.downs == 0


def test_one_more_per_thousand_steps_is_a_leak() -> None:
    assert state([step // 1000 for step in STEPS]) is State.LEAK


def test_too_few_steps_never_accuse() -> None:
    judged = judge_series(STEPS, STEPS, ready=False)

    assert judged.state is State.GROWING
    assert judged.open


def test_warm_up_that_ended_has_settled() -> None:
    assert state([min(step, 1000) for step in STEPS]) is State.SETTLED


def test_a_cache_that_fills_just_before_the_end_is_not_a_leak() -> None:
    assert state([min(step, 19_000) for step in STEPS]) is State.SETTLING


def test_growth_that_fades_is_not_a_leak() -> None:
    assert state([int(1000 * (1 - 0.9999**step)) for step in STEPS]) is State.SETTLING


def test_growth_per_sample_rather_than_per_step_is_not_a_leak() -> None:
    """With as many samples in the second window as in the first, which is half as long: our own footprint."""
    steps = [*range(100, 1000, 100), *range(1000, 2000, 50), *range(2000, 4001, 100)]

    assert judge_series(steps, range(len(steps))).state is State.SETTLING


def test_one_big_jump_is_not_a_leak() -> None:
    assert state([961_000 if step > 12_000 else 0 for step in STEPS]) is State.SETTLING


def test_growth_that_began_late_waits_for_confirmation() -> None:
    judged = judge_series(STEPS, [max(0, step - 12_000) for step in STEPS])

    assert judged.state is not State.LEAK
    assert judged.open


def test_a_saw_tooth_is_noise() -> None:
    assert state([step % 777 for step in STEPS]) is State.NOISY


def test_a_last_long_tooth_is_not_a_leak() -> None:
    """Teeth of 1000 until step 9,000; the last one simply lasts longer."""
    assert state([step % 1000 if step < 9_000 else step - 9_000 for step in STEPS]) is not State.LEAK


def test_a_leak_under_noise_is_a_leak() -> None:
    rng = random.Random(1)

    assert state([step // 2 + rng.randrange(200) for step in STEPS]) is State.LEAK


def test_what_falls_is_never_a_leak() -> None:
    assert state([50_000 - step for step in STEPS]) is State.NOISY


def test_growth_below_what_counts_is_not_accused() -> None:
    judged = judge_series(STEPS, [step // 100 for step in STEPS], least_growth=1024)

    assert judged.state is State.GROWING


@pytest.mark.parametrize("period", [240, 249, 251, 260, 499, 501])
def test_sampling_nearly_in_step_with_a_cycle_is_what_the_schedule_must_avoid(period: int) -> None:
    """At even distances the cycle looks like slow growth (so `schedule` never samples at even distances)."""
    rng = random.Random(period)
    uneven = [step + rng.randrange(-60, 61) for step in STEPS[1:]]

    assert judge_series(uneven, [step % period for step in uneven]).state is State.NOISY
