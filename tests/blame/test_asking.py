"""Asking who keeps a thing of this very process: by a snapshot, and by the short search where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outlive.blame import asking
from outlive.blame.asking import Asking
from outlive.blame.keeper import HELD, NOBODY, Keeper
from outlive.probes import children

KEPT: list[Any] = []


class Left:
    """What a test left."""


@pytest.fixture
def left() -> Any:
    KEPT.append(Left())
    yield KEPT[-1]
    KEPT.clear()


def test_a_snapshot_answers_and_leaves_nothing_behind(
    left: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(asking, "_FOLDER", str(tmp_path))
    open_before = len(os.listdir("/proc/self/fd"))
    keepers = Asking().keepers([(left, 0), (None, 0)])
    assert keepers == [Keeper(HELD, keepers[0].words), Keeper(NOBODY)]
    assert keepers[0].words.endswith("KEPT[0]")
    assert (list(tmp_path.iterdir()), len(os.listdir("/proc/self/fd"))) == ([], open_before)
    assert str(tmp_path) not in str(children.list_children())


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("_MOST_SECONDS", -1.0, "snapshots had taken 0 s"),
        ("_MOST_BLOCKS", 0, "the heap is very large"),
        ("_FOLDER", "/nowhere", "no snapshot could be read: FileNotFoundError"),
        ("_PYTHON", "/bin/false", "no snapshot could be read: RuntimeError: the process that reads it ended with"),
    ],
)
def test_without_a_snapshot_the_short_search_answers_and_says_why(
    left: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, why: str
) -> None:
    monkeypatch.setattr(asking, name, value)
    (keeper,) = Asking().keepers([(left, 0)])
    assert keeper.words.endswith("KEPT[…]")
    assert keeper.searched.startswith(why)


def test_nothing_of_the_analysis_is_imported_into_the_process_of_the_tests() -> None:
    code = "import sys, outlive.blame.plugin; sys.exit(not {'numpy', 'outlive.heap'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
