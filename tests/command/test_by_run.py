"""A command that is one step: what each of its runs loses, and what only looks like a loss."""

from __future__ import annotations

import pytest

from outlive.errors import UsageError
from outlive.model.verdict import Outcome, Verdict

pytestmark = [pytest.mark.slow, pytest.mark.any_python]


def test_block_lost_in_each_run_is_a_leak_of_the_function_that_made_it(runs) -> None:
    result = runs("l")
    [finding] = result.findings
    assert (result.verdict, finding.type) == (Verdict.LEAK, "lose")
    assert (finding.count.per_step, finding.count.low, finding.count.high) == (1, 1, 1)
    assert (finding.bytes.per_step, finding.evidence[0].steps) == (100, 3)
    assert [frame.function for frame in finding.explanation.native] == ["lose", "main"]
    assert "first run is left out" in result.reason


def test_block_that_a_global_variable_holds_at_the_end_is_no_leak(runs) -> None:
    result = runs("k")
    assert (result.verdict, result.findings, result.notes) == (Verdict.NO_LEAK, (), ())


def test_loss_that_differs_from_run_to_run_has_an_interval(runs) -> None:
    [finding] = runs("g").findings
    assert finding.bytes.per_step == 30
    assert finding.bytes.low < 20 < 40 < finding.bytes.high


def test_loss_in_the_first_run_only_is_a_warm_up(runs) -> None:
    assert runs("0").verdict is Verdict.NO_LEAK


def test_loss_that_comes_and_goes_is_told_and_no_verdict(runs) -> None:
    result = runs("2")
    assert (result.verdict, result.findings) == (Verdict.COULD_NOT_TELL, ())
    assert [(note.slug, note.text) for note in result.notes] == [
        ("comes-and-goes", "lost in some runs only: lose in 2 of 3 runs")
    ]


def test_loss_in_a_child_process_counts(runs) -> None:
    [finding] = runs("f").findings
    assert (finding.count.per_step, finding.bytes.per_step) == (1, 33)


def test_what_a_parent_lost_is_not_lost_once_more_in_its_child(runs) -> None:
    [finding] = runs("p").findings
    assert finding.count.per_step == 1


def test_loss_before_main_is_a_note(built, check, monkeypatch) -> None:
    monkeypatch.setenv("LOSE_BEFORE_MAIN", "1")
    program = built("runs.c")
    result = check(f"{program} {{i}} k", steps=3)
    # It is the program's own constructor, so it is the program's own loss …
    assert [finding.type for finding in result.findings] == ["lose"]
    # … and a note where another program is the one that is checked.
    result = check(f"/usr/bin/env {program} {{i}} k", steps=3)
    assert [finding.type for finding in result.findings] == ["lose"]


def test_allowed_function_may_lose(runs) -> None:
    result = runs("l", allow=("lose",))
    assert (result.verdict, [note.slug for note in result.notes]) == (Verdict.NO_LEAK, ["allowed"])


def test_exit_status_other_than_zero_is_no_verdict_and_shows_what_was_printed(runs) -> None:
    result = runs("le")
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.EXITED)
    assert "exit status 3 in run 0" in result.reason
    assert result.output_tail == "no such table: users\n"


def test_killed_run_is_no_verdict(runs) -> None:
    result = runs("a")
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.KILLED)
    assert "SIGABRT" in result.reason


def test_run_that_hangs_is_ended(runs) -> None:
    result = runs("s", timeout_s=0.2)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.TIMED_OUT)


def test_static_program_is_no_verdict_and_says_why(built, check) -> None:
    try:
        program = built("runs.c", "-static")
    except Exception:
        pytest.skip("no static C library here")
    result = check(f"{program} {{i}} l", steps=3)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.BLIND)
    assert "linked statically" in result.reason
    assert [control.seen for control in result.controls] == [False]


def test_one_run_cannot_tell(runs) -> None:
    result = runs("l", steps=2)
    assert (result.verdict, result.findings) == (Verdict.COULD_NOT_TELL, ())


def test_command_without_a_number_that_marks_no_steps_is_run_again(built, check) -> None:
    result = check(f"{built('runs.c')} 7 l", steps=4)
    assert (result.verdict, result.cost.steps) == (Verdict.LEAK, 4)


def test_evidence_names_the_recorder_and_what_it_saw(runs) -> None:
    [control] = runs("l").controls
    assert (control.name, control.kind, control.seen) == ("recorder", "self-check", True)
    assert control.got == "all of 4 runs, 8 blocks in 4 processes"


def test_program_that_is_not_there_is_wrong_usage(check) -> None:
    with pytest.raises(UsageError, match="cannot run"):
        check("./no-such-program {i}")


def test_open_quotation_mark_is_wrong_usage(check) -> None:
    with pytest.raises(UsageError, match="cannot read the command"):
        check("./prog '{i}")
