"""A program that marks its own steps: what it loses and keeps a step, and what only looks like it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from outlive.model.verdict import Outcome, Verdict

pytestmark = pytest.mark.slow
any_python = pytest.mark.any_python

PROGRAMS = Path(__file__).parent / "programs"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "native" / "inbox.c"
BOUND = 0.05


def _counts(result) -> dict[str, float]:
    return {finding.type: finding.count.per_step for finding in result.findings}


@any_python
def test_block_lost_in_each_step_is_a_leak_of_one_per_step(steps) -> None:
    result = steps("l")
    [finding] = result.findings
    assert (result.verdict, finding.type, finding.kind) == (Verdict.LEAK, "lose", "native")
    assert (finding.count.per_step, finding.bytes.per_step) == (1, 100)
    assert finding.series[0].values[-1] == finding.series[0].steps[-1]
    assert "no pointer to them is left" in finding.explanation.sentence


@any_python
def test_block_lost_in_each_seventh_step_is_a_leak_of_a_seventh(steps) -> None:
    result = steps("7", 700)
    assert result.verdict is Verdict.LEAK
    assert _counts(result)["lose"] == pytest.approx(1 / 7, rel=BOUND)


@any_python
def test_one_function_that_loses_for_two_callers_makes_two_findings(steps) -> None:
    counts = _counts(steps("l7", 700))
    assert counts == {
        "lose < main": pytest.approx(1, rel=BOUND),
        "lose < lose_each_seventh": pytest.approx(1 / 7, rel=BOUND),
    }


@any_python
def test_list_that_grows_is_a_leak_held_by_its_variable(steps) -> None:
    result = steps("k")
    [finding] = result.findings
    assert (finding.type, finding.count.per_step, finding.bytes.per_step) == ("keep", 2, 216)
    assert finding.explanation.held_by == "the global variable held of steps-c"


@any_python
def test_buffer_that_grows_is_a_leak_of_bytes(steps) -> None:
    [finding] = steps("a").findings
    assert (finding.count.per_step, finding.bytes.per_step) == (0, 48)
    assert finding.explanation.held_by == "the global variable buffer of steps-c"


@any_python
def test_cache_with_a_bound_and_a_table_made_late_are_no_leaks(steps) -> None:
    result = steps("cb", 400)
    assert (result.verdict, result.findings) == (Verdict.NO_LEAK, ())
    assert result.smallest_visible["blocks alive"].per_step < 0.1


@any_python
def test_growth_that_may_be_a_cache_is_no_verdict_where_the_program_chose_the_steps(built, check) -> None:
    result = check(f"{built('steps.c')} 900 k")
    assert (result.verdict, result.findings) == (Verdict.COULD_NOT_TELL, ())
    assert "may be a cache that fills" in result.reason


@any_python
def test_loss_needs_no_such_patience(built, check) -> None:
    assert _counts(check(f"{built('steps.c')} 150 l")) == {"lose": 1}


@any_python
def test_few_steps_without_a_loss_are_no_verdict(steps) -> None:
    result = steps("c", 60)
    assert result.verdict is Verdict.COULD_NOT_TELL
    assert "at least 100 are needed" in result.reason


@any_python
def test_loss_in_forked_children_counts_in_the_step_they_were_forked_in(steps) -> None:
    result = steps("f", 120)
    assert _counts(result) == {"lose": 1}
    assert "120 other processes" in result.controls[0].got


@any_python
def test_loss_in_programs_that_the_program_starts_counts(steps) -> None:
    assert _counts(steps("x", 120))["lose"] == pytest.approx(1, rel=BOUND)


@any_python
def test_loss_in_threads_that_ended_counts(steps) -> None:
    assert _counts(steps("t"))["lose"] == pytest.approx(1, rel=BOUND)


@any_python
def test_exit_status_at_a_step_is_no_verdict_and_shows_what_was_printed(steps) -> None:
    result = steps("e", 400)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.EXITED)
    assert "exit status 3 after step 300" in result.reason
    assert result.traceback == "step 300: disk full\n"


@any_python
def test_leak_seen_before_a_bad_end_is_a_leak(steps) -> None:
    result = steps("le", 400)
    assert (result.verdict, result.outcome) == (Verdict.LEAK, Outcome.EXITED)
    assert [note.slug for note in result.notes] == ["ended-badly"]


@any_python
def test_program_that_hangs_is_ended_and_no_verdict(steps) -> None:
    result = steps("s", timeout_s=0.4)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.TIMED_OUT)


@any_python
def test_program_that_goes_on_is_ended_after_its_steps_and_judged(built, check) -> None:
    result = check(f"{built('steps.c')} 300 lo", steps=200)
    assert (result.verdict, result.outcome) == (Verdict.LEAK, Outcome.FINISHED)
    assert [note.slug for note in result.notes] == ["ended-by-us"]


@any_python
def test_program_that_is_told_its_steps_and_marks_none_is_no_verdict(steps) -> None:
    result = steps("u")
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.BLIND)
    assert "marked no steps" in result.reason


@any_python
def test_static_program_that_marks_steps_is_no_verdict(built, check) -> None:
    try:
        program = built("steps.c", "-static")
    except Exception:
        pytest.skip("no static C library here")
    result = check(f"{program} {{n}} l", steps=200)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.BLIND)
    assert "linked statically" in result.reason


@any_python
def test_shell_that_marks_steps_is_charged_with_what_its_programs_lose(built, check) -> None:
    result = check(f"sh {PROGRAMS / 'steps.sh'} {built('runs.c')} l")
    assert _counts(result)["lose"] == pytest.approx(1, rel=BOUND)


@any_python
def test_shell_whose_programs_lose_nothing_is_acquitted(built, check) -> None:
    assert check(f"sh {PROGRAMS / 'steps.sh'} {built('runs.c')} k").verdict is Verdict.NO_LEAK


@any_python
def test_allowed_function_may_lose_and_keep(steps) -> None:
    assert steps("lk", allow=("lose", "keep")).verdict is Verdict.NO_LEAK


@any_python
def test_header_does_for_cpp_too(built, check) -> None:
    program = built("steps_cpp.cpp", language="c++")
    assert _counts(check(f"{program} {{n}}", steps=200)) == {"Pool::take(int)": 1}


@any_python
def test_example_loses_a_subject_for_each_rejected_message(built, check) -> None:
    result = check(f"{built(str(EXAMPLE))} {{n}}", steps=500)
    assert _counts(result) == {"parse": pytest.approx(0.2, rel=BOUND)}


def test_python_program_that_marks_steps_is_told_by_its_line(check) -> None:
    result = check(f"{sys.executable} {PROGRAMS / 'steps.py'} {{n}} lose", steps=200)
    [finding] = result.findings
    assert finding.count.per_step == pytest.approx(1, rel=BOUND)
    assert finding.explanation.site.function == "work"


def test_python_program_that_loses_nothing_is_acquitted(check) -> None:
    result = check(f"{sys.executable} {PROGRAMS / 'steps.py'} {{n}} keep", steps=200)
    assert (result.verdict, result.findings) == (Verdict.NO_LEAK, ())
