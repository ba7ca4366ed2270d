"""What a native run comes to when there is little to go by: words, and no verdict."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from outlive.model.verdict import Verdict
from outlive.native_aftermath import Course, how_it_ended, native_report


def course(status: int = 0, **more: object) -> Course:
    return Course(41, status, 100.0, 102.5, **more)  # type: ignore[arg-type]


def test_a_program_of_which_nothing_was_recorded_is_not_judged(tmp_path: Path) -> None:
    report = native_report(tmp_path, ["./app"], course())
    assert (report.verdict, report.looks, report.seconds) == (Verdict.COULD_NOT_TELL, 0, 2.5)
    assert "malloc of its own" in report.reason


def test_one_that_was_killed_before_its_first_look_is_told_as_such(tmp_path: Path) -> None:
    report = native_report(tmp_path, ["./app"], course(-signal.SIGKILL))
    assert report.reason == "it was ended by SIGKILL, before anything could be looked at"


def test_why_it_could_not_be_watched_is_the_reason(tmp_path: Path) -> None:
    report = native_report(tmp_path, ["./app"], course(unwatched="app could not be watched: it is static"))
    assert (report.verdict, report.reason) == (Verdict.COULD_NOT_TELL, "app could not be watched: it is static")


@pytest.mark.parametrize("content", [b"", b"outlive", b"\0" * 4096])
def test_a_torn_look_is_a_note_and_no_end(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "blocks-41-0.outlive").write_bytes(content)
    (tmp_path / "blocks-x-y.outlive").write_bytes(content)
    report = native_report(tmp_path, ["./app"], course())
    assert [note.slug for note in report.notes] == ["look-unreadable"] * 2
    assert report.verdict is Verdict.COULD_NOT_TELL


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (0, "returned"),
        (3, "exited"),
        (-9, "killed"),
        (-11, "crashed"),
        (-6, "crashed"),
        (-15, "signal"),
        (-61, "signal"),
    ],
)
def test_the_end_is_named_by_its_status(status: int, how: str) -> None:
    assert how_it_ended(status).how == how
