"""The plan: how many steps next, and when it is over."""

from __future__ import annotations

from dataclasses import replace

from outlive.judge import Assessment, Budget, Horizon, Judgement, Progress, Run, State, Stop, horizon, next_move
from outlive.model.series import CounterKey, Series

BUDGET = Budget()
PLAN = Horizon(accuse_handles_at=64, accuse_at=8192, acquit_at=32_768)
LATER = Progress(steps=4096, samples=20, elapsed_seconds=1.0, seconds_per_step=1e-5, seconds_per_sample=0.005)


def found(state: State, *, is_open: bool = False) -> Assessment:
    return Assessment({CounterKey("objects", "app.A"): Judgement(state, "", open=is_open)})


def test_the_first_batch_is_one_step() -> None:
    assert next_move(BUDGET, Progress(), PLAN, Assessment()) == Run(1)


def test_warm_up_doubles() -> None:
    progress = Progress(steps=64, samples=7, elapsed_seconds=0.5, seconds_per_step=1e-5, seconds_per_sample=0.005)

    assert next_move(BUDGET, progress, PLAN, Assessment()) == Run(64)


def test_batches_vary_so_that_no_cycle_is_sampled_in_step() -> None:
    moves = {next_move(BUDGET, replace(LATER, samples=number), PLAN, Assessment()) for number in range(20)}

    assert len(moves) > 10


def test_both_windows_get_as_many_samples() -> None:
    def samples_between(first: int, last: int) -> int:
        steps = samples = 0
        taken = []
        while steps < last:
            move = next_move(BUDGET, replace(LATER, steps=steps, samples=samples), PLAN, Assessment())
            assert isinstance(move, Run)
            steps, samples = steps + move.steps, samples + 1
            taken.append(steps)
        return sum(first < step <= last for step in taken)

    assert abs(samples_between(2048, 4096) - samples_between(4096, 8192)) <= 2


def test_a_confirmed_leak_ends_the_run() -> None:
    move = next_move(BUDGET, LATER, PLAN, found(State.LEAK))

    assert isinstance(move, Stop)
    assert move.slug == "certain"


def test_time_ends_the_run() -> None:
    move = next_move(BUDGET, replace(LATER, elapsed_seconds=20.0), PLAN, Assessment())

    assert isinstance(move, Stop)
    assert move.slug == "time"


def test_a_batch_fits_in_the_time_left() -> None:
    slow = Progress(steps=8, samples=4, elapsed_seconds=10.0, seconds_per_step=2.0, seconds_per_sample=0.1)

    assert next_move(BUDGET, slow, PLAN, Assessment()) == Run(4)


def test_a_run_with_nothing_open_ends_at_the_horizon_and_not_before() -> None:
    at_horizon = replace(LATER, steps=PLAN.acquit_at)

    assert isinstance(next_move(BUDGET, LATER, PLAN, found(State.NOISY)), Run)
    assert next_move(BUDGET, at_horizon, PLAN, found(State.NOISY)) == Stop(
        "nothing-grows", "everything that was counted stays level"
    )


def test_an_open_question_is_followed_past_the_horizon_but_not_for_ever() -> None:
    open_question = found(State.GROWING, is_open=True)
    far = replace(LATER, steps=8 * PLAN.acquit_at)

    assert isinstance(next_move(BUDGET, replace(LATER, steps=PLAN.acquit_at), PLAN, open_question), Run)
    assert isinstance(next_move(BUDGET, far, PLAN, open_question), Stop)


def test_cheap_steps_look_far_and_slow_steps_as_far_as_time_goes() -> None:
    cheap = horizon(BUDGET, replace(LATER, seconds_per_step=1e-6), [])
    slow = horizon(BUDGET, replace(LATER, steps=10, seconds_per_step=0.01), [])

    assert cheap.accuse_at == 65_536
    assert 800 <= slow.accuse_at < 2000


def test_scarce_handles_bring_the_accusation_forward() -> None:
    key = CounterKey("threads")
    growing = Series(key, tuple(range(1, 65)), tuple(range(1, 65)))

    assert horizon(BUDGET, replace(LATER, steps=64), [growing]).accuse_counter_at("threads") == 384
    assert horizon(BUDGET, replace(LATER, steps=64), []).accuse_counter_at("threads") > 8192


def test_a_step_limit_set_by_the_user_is_enough_to_accuse() -> None:
    assert horizon(Budget(steps=200), LATER, []).accuse_at == 200
