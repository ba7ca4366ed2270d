"""Whole runs on a simulated clock: programs, the real plan, the real judge."""

from __future__ import annotations

import pytest
from programs import CLEAN, LEAKING, cache, descriptors, every, saw_tooth, thread_pool
from simulate import OBJECTS, simulate

from outlive.judge import Budget
from outlive.model.verdict import Outcome, Verdict

pytestmark = pytest.mark.any_python

_CHEAP = 2e-5


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAKING)
def test_a_leak_is_found_when_steps_are_cheap(name: str) -> None:
    run = simulate(LEAKING[name](), seed=11, step_seconds=_CHEAP)

    assert run.conclusion.verdict is Verdict.LEAK, run.conclusion.reason
    assert run.seconds <= 20.0


@pytest.mark.slow
@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_program_is_not_accused_when_steps_are_cheap(name: str) -> None:
    run = simulate(CLEAN[name](), seed=11, step_seconds=_CHEAP)

    assert run.conclusion.verdict is not Verdict.LEAK, run.conclusion.findings


def test_a_leak_of_once_per_step_is_named_within_five_seconds() -> None:
    assert simulate(every(1), step_seconds=_CHEAP, sample_seconds=0.02).seconds <= 5.0


def test_a_leak_of_one_in_a_thousand_is_named_within_thirty_seconds() -> None:
    run = simulate(every(1000), step_seconds=2e-4)

    assert run.conclusion.verdict is Verdict.LEAK
    assert run.seconds <= 30.0


def test_a_descriptor_leak_is_named_before_the_process_runs_out() -> None:
    run = simulate(descriptors(1), step_seconds=2e-6)

    assert run.conclusion.verdict is Verdict.LEAK
    assert run.steps < 1000
    assert run.conclusion.findings[0].kind == "fd"


def test_a_descriptor_leak_is_one_finding_with_its_objects() -> None:
    (finding,) = simulate(descriptors(1), step_seconds=2e-6).conclusion.findings

    assert [evidence.counter for evidence in finding.with_it] == ["objects"]


@pytest.mark.parametrize("size", [40, 100])
def test_a_thread_pool_that_starts_is_not_accused(size: int) -> None:
    assert simulate(thread_pool(size), step_seconds=0.005).conclusion.verdict is Verdict.NO_LEAK


def test_steps_of_50_ms_end_without_an_accusation() -> None:
    for program in (every(1), cache(500), cache(1000), saw_tooth(777)):
        run = simulate(program, step_seconds=0.05)

        assert run.conclusion.verdict is not Verdict.LEAK
        assert run.seconds <= 20.5


def test_steady_growth_under_slow_steps_is_said_and_not_called_clean() -> None:
    conclusion = simulate(every(1), step_seconds=0.05).conclusion

    assert conclusion.verdict is Verdict.COULD_NOT_TELL
    assert [note.slug for note in conclusion.notes] == ["growing"]


def test_steps_of_five_seconds_could_not_tell() -> None:
    run = simulate(every(1), step_seconds=5.0)

    assert run.conclusion.verdict is Verdict.COULD_NOT_TELL
    assert run.steps <= 5


def test_a_level_program_stops_early() -> None:
    run = simulate(lambda i, now, rng: now.__setitem__(OBJECTS, 7), step_seconds=1e-5)

    assert run.stop.slug == "nothing-grows"
    assert run.conclusion.verdict is Verdict.NO_LEAK
    assert run.steps >= 30_000
    assert run.seconds < 10.0


def test_a_step_limit_is_kept() -> None:
    run = simulate(every(1), budget=Budget(steps=300))

    assert run.steps == 300
    assert run.conclusion.verdict is Verdict.LEAK


def test_a_huge_leak_is_named_before_it_eats_the_machine() -> None:
    from outlive.model.series import CounterKey

    native = CounterKey("native", "", "bytes")
    run = simulate(lambda i, now, rng: now.__setitem__(native, i << 20), step_seconds=1e-4)

    assert run.conclusion.verdict is Verdict.LEAK
    assert run.steps <= 512


def test_without_the_planted_leak_the_run_is_blind() -> None:
    conclusion = simulate(every(1), control=False).conclusion

    assert conclusion.verdict is Verdict.COULD_NOT_TELL
    assert conclusion.outcome is Outcome.BLIND
    assert conclusion.findings == ()
    assert "planted leak" in conclusion.reason


def test_sampling_takes_no_more_than_half_of_the_time() -> None:
    for sample_seconds in (0.003, 0.05):
        run = simulate(every(1000), step_seconds=1e-4, sample_seconds=sample_seconds)

        assert run.samples * sample_seconds <= 0.5 * run.seconds


def test_the_smallest_visible_leak_shrinks_with_more_steps() -> None:
    few = simulate(saw_tooth(50), step_seconds=2e-3).conclusion.smallest_visible["objects"]
    many = simulate(saw_tooth(50), step_seconds=2e-5).conclusion.smallest_visible["objects"]

    assert 0 < many.per_step < few.per_step
