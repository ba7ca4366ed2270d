"""`outlive check` on real scenarios in real processes: the verdict, from the file to the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LEAKY = """
KEPT = []

class Session:
    pass

def step(i):
    KEPT.append(Session())
"""
CLEAN = """
class Session:
    pass

def step(i):
    Session()
"""
RAISING = """
def step(i):
    if i == 3:
        raise ValueError("no third step")
"""


def check(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "scenario.py").write_text(source)
    command = [sys.executable, "-m", "outlive", "check", "scenario.py", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def json_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_leaking_scenario_is_found_and_its_class_is_named(tmp_path: Path) -> None:
    done = check(tmp_path, LEAKY)
    assert done.returncode == 1, done.stdout + done.stderr
    first = done.stdout.splitlines()[0]
    assert first == "LEAK  scenario.py: every step leaves one scenario.Session object behind"


def test_clean_scenario_is_cleared_with_its_controls_seen(tmp_path: Path) -> None:
    done = check(tmp_path, CLEAN, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json_of(done)
    assert result["verdict"] == "no leak"
    assert all(control["seen"] for control in result["controls"])
    assert {control["name"] for control in result["controls"]} >= {"planted leak", "planted innocent"}


def test_allowed_type_is_noted_and_not_accused(tmp_path: Path) -> None:
    words = ("--steps", "400", "--allow", "scenario.Session", "--allow", "builtins.list")
    done = check(tmp_path, LEAKY, "--json", *words)
    result = json_of(done)
    accused = {finding["type"] for finding in result["findings"]}
    assert "scenario.Session" not in accused


def test_raising_scenario_could_not_be_told_and_shows_why(tmp_path: Path) -> None:
    done = check(tmp_path, RAISING)
    assert done.returncode == 3
    assert done.stdout.startswith("COULD NOT TELL  scenario.py: ")
    assert "ValueError: no third step" in done.stdout


def test_check_leaves_no_file_beside_the_scenario(tmp_path: Path) -> None:
    check(tmp_path, CLEAN, "--steps", "200")
    assert [file.name for file in tmp_path.iterdir() if file.name != "__pycache__"] == ["scenario.py"]
