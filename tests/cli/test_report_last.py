"""The newest result: private, whole or absent, and never a reason for a check to fail."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from outlive.cli import last_result
from outlive.errors import UsageError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_result_comes_back_and_is_private(state: Path) -> None:
    last_result.save({"verdict": "leak"})
    assert json.loads(last_result.load()) == {"verdict": "leak"}
    assert stat.S_IMODE(last_result.place().stat().st_mode) == 0o600
    assert stat.S_IMODE(last_result.place().parent.stat().st_mode) == 0o700


def test_only_the_newest_is_kept_and_nothing_beside_it(state: Path) -> None:
    last_result.save({"at": 1})
    last_result.save({"at": 2})
    assert json.loads(last_result.load()) == {"at": 2}
    assert os.listdir(state / "outlive") == ["last.json"]


def test_folder_that_cannot_be_made_is_passed_over(state: Path) -> None:
    state.write_text("a file stands where the folder should")
    last_result.save({"at": 1})


def test_file_that_cannot_be_replaced_is_passed_over_and_leaves_nothing(state: Path) -> None:
    last_result.place().mkdir(parents=True)
    last_result.save({"at": 1})
    assert os.listdir(state / "outlive") == ["last.json"]


def test_no_result_yet_is_said_with_the_place_that_was_looked_at(state: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        last_result.load()
    assert str(last_result.place()) in str(refusal.value)


@pytest.mark.parametrize("value", ["", "relative/folder"])
def test_state_folder_that_is_no_full_path_is_the_usual_one(
    value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert last_result.place() == tmp_path / ".local" / "state" / "outlive" / "last.json"
