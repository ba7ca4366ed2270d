"""Looks become one report: each mistake once, in the category it was first seen in; what cannot be read is said."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from outlive.aftermath import _merged, end_report
from outlive.contracts import load_contracts
from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, Category, EndReport, Leftover
from outlive.model.look import Look
from outlive.model.verdict import Verdict

PROGRAM = """
import os, socket, sys
import outlive._core as core
KEPT = [socket.create_server(("127.0.0.1", 0))] if "left" in sys.argv else []
core.snapshot(os.fsencode(sys.argv[1]))
"""
COMMAND = ("python", "app.py")
EXIT = Look("exit", 2.0, pid=1, snapshot="look-002.outlive", python="3.12.1")


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The heap of a program that left a listening socket, and of one that left nothing."""
    folder = tmp_path_factory.mktemp("snapshots")
    for name in ("left", "none"):
        subprocess.run([sys.executable, "-c", PROGRAM, str(folder / name), name], check=True)
    return {name: (folder / name).read_bytes() for name in ("left", "none")}


def report_of(folder: Path, *looks: Look, status: int = 0, heap: bytes = b"") -> EndReport:
    for number, look in enumerate(looks, start=1):
        (folder / f"look-{number:03d}.json").write_text(json.dumps(asdict(look)), encoding="utf-8")
        if look.snapshot:
            (folder / look.snapshot).write_bytes(heap)
    return end_report(folder, COMMAND, status, contracts=load_contracts())


def test_a_program_that_left_nothing_is_told_so(tmp_path: Path, snapshots: dict[str, bytes]) -> None:
    report = report_of(tmp_path, EXIT, heap=snapshots["none"])
    assert (report.verdict, report.reason) == (Verdict.NO_LEAK, "nothing outlived its end")
    assert (report.end.how, report.looks, len(report.snapshots)) == ("returned", 1, 1)


def test_what_is_open_while_it_runs_and_at_its_end_is_told_once_as_left_at_its_end(
    tmp_path: Path, snapshots: dict[str, bytes]
) -> None:
    asked = replace(EXIT, reason="asked", at=1.0, snapshot="look-001.outlive")
    report = report_of(tmp_path, asked, EXIT, heap=snapshots["left"])
    (socket,) = [one for one in report.leftovers if one.kind == "socket"]
    assert (report.verdict, socket.category, socket.answer) == (Verdict.LEAK, Category.SHUTDOWN, Answer.HELD)
    assert "__main__.KEPT" in socket.sentence


def test_a_snapshot_that_cannot_be_read_leaves_no_verdict_and_says_why(tmp_path: Path) -> None:
    report = report_of(tmp_path, EXIT, heap=b"not a snapshot")
    assert report.verdict is Verdict.COULD_NOT_TELL
    assert "could not be read" in report.reason
    assert [note.slug for note in report.notes] == ["not-explained"]


def test_a_look_that_cannot_be_read_is_a_note_and_the_others_count(tmp_path: Path, snapshots: dict[str, bytes]) -> None:
    (tmp_path / "look-000.json").write_text("{", encoding="utf-8")
    report = report_of(tmp_path, EXIT, heap=snapshots["none"])
    assert (report.verdict, report.notes[0].slug) == (Verdict.NO_LEAK, "look-unreadable")


def test_a_program_that_was_killed_is_told_by_its_last_look_and_could_not_be_judged(tmp_path: Path) -> None:
    interval = Look("interval", 30.0, counters={"objects": 10.0})
    report = report_of(tmp_path, interval, status=-9)
    assert (report.verdict, report.end.how) == (Verdict.COULD_NOT_TELL, "killed")
    assert "SIGKILL" in report.reason
    assert "30 s after its start" in report.reason


@pytest.mark.parametrize(("status", "how"), [(-11, "crashed"), (-6, "crashed"), (3, "exited")])
def test_how_it_ended_follows_from_its_status(tmp_path: Path, status: int, how: str) -> None:
    assert report_of(tmp_path, Look("interval", 1.0), status=status).end.how == how


def test_an_unhandled_exception_is_named(tmp_path: Path) -> None:
    (tmp_path / "ending").write_text("raised=KeyError\n", encoding="utf-8")
    end = report_of(tmp_path, Look("exit", 1.0), status=1).end
    assert (end.how, end.words) == ("raised", "it ended by an unhandled KeyError")


def test_a_program_without_any_look_could_not_be_watched(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    assert (report.verdict, report.reason) == (Verdict.COULD_NOT_TELL, "it could not be watched")


LEFT = Leftover("object", "app.Client", 3, Answer.HELD, "outlived", "kept", lifetime="closed", fingerprint="1")


def test_what_was_held_first_and_waits_for_the_collector_later_is_told_as_held() -> None:
    at = Site("app.py", 9, "close")
    held = replace(LEFT, ended_at=at)
    later = replace(LEFT, ended_at=replace(at, callers=(at,)), answer=Answer.CYCLE, fingerprint="2")
    other = replace(later, ended_at=Site("app.py", 30, "stop"), fingerprint="3")
    assert _merged([held, later, other]) == (held, other)


def test_of_one_mistake_the_held_telling_stays_whatever_came_later() -> None:
    flying = replace(LEFT, answer=Answer.IN_FLIGHT)
    assert [one.answer for one in _merged([LEFT, flying])] == [Answer.HELD]
    assert [one.answer for one in _merged([flying, LEFT])] == [Answer.HELD]
