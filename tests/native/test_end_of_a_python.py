"""`outlive run --native -- python …`: two reports, one on the Python and one on native memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LIMIT_S = 60


def outlive(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outlive", "run", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)


def test_both_reports_come_of_a_python_that_is_watched_natively(tmp_path: Path) -> None:
    lose = "def lose():\n    calloc(1, 7001)\nfor _ in range(30): lose()"
    lose = f"import ctypes\ncalloc = ctypes.CDLL(None).calloc\ncalloc.restype = None\n{lose}"
    done = outlive(
        "--native", "--json", tmp_path / "end.json", "--report", tmp_path / "end.txt", "--", sys.executable, "-c", lose
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "end.json").read_text())["schema"] == "outlive.end/1"
    native = json.loads((tmp_path / "end.native.json").read_text())
    assert native["schema"] == "outlive.native/1"
    (one,) = (one for one in native["losses"] if one["count"] >= 28)
    assert one["made"]["lines"][0]["function"] == "lose"
    assert (tmp_path / "end.txt").read_text().count("LEAK  ") == 2


def test_a_python_that_does_nothing_is_clean_in_both_reports() -> None:
    done = outlive("--native", "--strict", "--", sys.executable, "-c", "pass")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("NO LEAK") == 2
