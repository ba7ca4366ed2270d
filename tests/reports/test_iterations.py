"""The table of successive runs: it is read back as it was written, and refuses what is not its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outlive.errors import UsageError
from outlive.model.iterations import Cause, Iteration, Iterations
from outlive.reports.iterations_json import dumps, load_iterations
from outlive.reports.iterations_text import render

PIECES = Cause("1", "decode_piece", "on_data", "yours", "runtime", 88, 1000)
TIMER = Cause("2", "timer_open", "", "yours", "shutdown", 2, 2000)
RUNS = Iterations("app", (Iteration("2026-01-01 10:00:00", "leak", (PIECES,)), Iteration("later", "leak", (TIMER,))))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    file.write_text(dumps(RUNS))
    assert load_iterations(file) == RUNS


def test_a_file_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert load_iterations(tmp_path / "runs.json") == Iterations()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is damaged: it is no JSON"),
        (dumps(RUNS)[:-40], "is damaged: it is no JSON"),
        ("[]", "is no table of runs"),
        ('{"schema": "outlive.end/1"}', "is no table of runs"),
        ('{"schema": "outlive.iterations/1", "program": "a"}', "'runs' is missing or of the wrong kind"),
        (dumps(RUNS).replace("88", '"88"'), "'count' is missing or of the wrong kind"),
        (dumps(RUNS).replace("88", "true"), "'count' is missing or of the wrong kind"),
        ('{"schema": "outlive.iterations/1", "program": "a", "runs": [3]}', "something else stands where"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_with_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"runs\.json") as refused:
        load_iterations(file)
    assert said in str(refused.value)
    assert "delete" in str(refused.value)


def test_fields_of_later_versions_are_read_over(tmp_path: Path) -> None:
    data = json.loads(dumps(RUNS))
    data["more"] = data["runs"][0]["more"] = 1
    (tmp_path / "runs.json").write_text(json.dumps(data))
    assert load_iterations(tmp_path / "runs.json") == RUNS


def test_what_a_fix_removed_and_what_it_exposed_stand_in_the_table() -> None:
    text = render(RUNS)
    assert "run 2 of app" in text
    assert "timer_open (yours, shutdown)" in text
    assert "fixed: decode_piece" in text
    assert "exposed: timer_open" in text
    assert "-100.0%" in text
    assert "higher than in the run before" in text


def test_the_first_run_compares_with_nothing() -> None:
    text = render(Iterations("app", RUNS.runs[:1]))
    assert "new" not in text
    assert "fixed" not in text


def test_a_program_that_never_lost_anything_has_its_totals_alone() -> None:
    text = render(Iterations("app", (Iteration("now", "no leak"),)))
    assert "0 B" in text
    assert "by mistake" not in text
