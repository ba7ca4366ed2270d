"""`outlive diff`: what came, what stayed, and what can be said of two processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outlive.cli.main import main

pytestmark = pytest.mark.slow  # they share snapshots of real processes, and each verb makes its passes


@pytest.fixture
def diff(heaps: Path, capsys: pytest.CaptureFixture[str]):
    def compared(*names: str) -> dict[str, Any]:
        assert main(["diff", *(str(heaps / f"{name}.outlive") for name in names), "--json"]) == 0
        read: dict[str, Any] = json.loads(capsys.readouterr().out)
        return read

    return compared


def row(change: dict[str, Any], name: str) -> dict[str, Any]:
    return next((one for one in change["types"] if one["type"] == name), {})


def test_new_objects_are_counted_by_type(diff) -> None:
    change = diff("a", "b")
    assert change["same_process"]
    assert {key: row(change, "__main__.Session")[key] for key in ("before", "after", "new", "gone")} == {
        "before": 0, "after": 20, "new": 20, "gone": 0,
    }  # fmt: skip


def test_what_went_is_gone(diff) -> None:
    assert row(diff("b", "c"), "__main__.Passing")["gone"] >= 19  # one may stand where one has stood


def test_new_objects_are_told_by_who_holds_them(diff) -> None:
    held = {(one["type"], one["pattern"]): one for one in diff("a", "b")["holders"]}
    assert held["__main__.Passing", "__main__.passing[*]"]["new"] == 20
    assert ("__main__.Cyclic", "nobody: garbage that waits for the collector") in held


def test_three_snapshots_leave_what_was_made_between_two_and_is_still_there(diff) -> None:
    change = diff("a", "b", "c")
    assert row(change, "__main__.Session")["new"] == 20, "the 21st came later"
    assert row(change, "__main__.Passing").get("new", 0) <= 1
    assert row(change, "__main__.Passing")["gone"] >= 19


def test_snapshot_compared_with_itself_has_nothing_new(diff) -> None:
    change = diff("b", "b")
    assert (change["new"], change["gone"], change["types"], change["holders"]) == (0, 0, [], [])


def test_two_processes_are_compared_by_type_and_holder_only(diff) -> None:
    change = diff("a", "stamped")
    assert not change["same_process"]
    assert (change["new"], change["gone"]) == (0, 0)
    held = {(one["type"], one["pattern"]): one for one in change["holders"]}
    assert (held["__main__.Session", "__main__.sessions[*]"]["before"], row(change, "__main__.Session")["after"]) == (
        0,
        21,
    )


def test_text_is_for_people(heaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(heaps / "a.outlive"), str(heaps / "b.outlive"), "--limit", "5"]) == 0
    said = capsys.readouterr().out
    assert "told by address and type" in said
    assert "__main__.sessions[*]" in said
    assert "outlive why" in said
