"""`outlive report` as a door: a result or a snapshot in, a page out, and every refusal in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import outlive
from outlive.cli import last_result
from outlive.cli.main import main
from outlive.model.verdict import CheckResult, Outcome, Verdict
from outlive.reports.check_json import to_json

RESULT = to_json(CheckResult("scenario.py", Verdict.NO_LEAK, "nothing grew", Outcome.FINISHED))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to stand in, and another for what is kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    return tmp_path


def test_result_becomes_a_page_and_its_place_is_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "result.json", "-o", "out.html"]) == 0
    assert (place / "out.html").read_text().startswith("<!doctype html>")
    said = capsys.readouterr()
    assert said.out.startswith("out.html: no leak, scenario.py (")
    assert said.err == "next: open it: xdg-open out.html\n"


def test_page_has_a_name_when_none_is_given(place: Path) -> None:
    assert main(["report", "result.json"]) == 0
    assert (place / "outlive-report.html").exists()


def test_page_goes_to_stdout_alone_when_asked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "result.json", "-o", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<!doctype html>")
    assert said.err == ""


def test_what_was_written_is_said_as_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "result.json", "-o", "out.html", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "outlive.report/1"
    assert told["bytes"] == (place / "out.html").stat().st_size


def test_leak_in_the_result_is_no_failure_of_the_report(place: Path) -> None:
    (place / "result.json").write_text(json.dumps({**RESULT, "verdict": "leak"}))
    assert main(["report", "result.json"]) == 0


def test_newest_result_is_reported(place: Path) -> None:
    last_result.save(RESULT)
    last_result.save({**RESULT, "scenario": "newer.py"})
    assert main(["report", "--last", "-o", "out.html"]) == 0
    assert "newer.py" in (place / "out.html").read_text()


def test_no_newest_result_is_wrong_usage_and_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--last"]) == 2
    assert "outlive check" in capsys.readouterr().err


@pytest.mark.slow
def test_snapshot_becomes_a_page(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outlive.snapshot(place / "heap.outlive")
    assert main(["report", "heap.outlive", "-o", "heap.html"]) == 0
    assert "<h2>Types</h2>" in (place / "heap.html").read_text()
    assert " objects (" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["report", "result.json", "--last"],
        ["report", "missing.json"],
        ["report", "."],
        ["report", "broken.json"],
        ["report", "cut.outlive"],
        ["report", "result.json", "-o", "nowhere/out.html"],
        ["report", "result.json", "-o", "."],
        ["report", "result.json", "-o", "-", "--json"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_reported_is_wrong_usage_and_leaves_no_page(
    place: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "broken.json").write_bytes(b"\xff\x00 no json")
    (place / "cut.outlive").write_bytes(b"OUTLIVE\x1a\x01")
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("outlive: ")
    assert list(place.glob("*.html")) == []


def test_huge_file_is_refused_unread(place: Path) -> None:
    with (place / "huge.json").open("wb") as stream:
        stream.truncate(10 << 30)
    assert main(["report", "huge.json"]) == 2
