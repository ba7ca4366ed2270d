"""Closings of libraries' clients and pools while they are used, where the library is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # one process, for all of them
PROGRAM = Path(__file__).with_name("in_use_libraries.py")
OUT = "connections given out and not given back: 1"
CASES = [
    ("aiohttp", "used", OUT),
    ("aiohttp", "fine", ""),
    ("aiohttp", "of a connector that is another's", ""),
    ("httpx", "used", "requests that wait or whose response is not closed: 1"),
    ("httpx", "fine", ""),
    ("sqlalchemy", "used", OUT),
    ("sqlalchemy", "fine", ""),
]
Told = dict[str, dict[str, tuple[str, str]]]


@pytest.fixture(scope="module")
def told() -> Told:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM)], capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("library", "state", "detail"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_closing_is_in_use_where_something_is_out(told: Told, library: str, state: str, detail: str) -> None:
    if library not in told:
        pytest.skip(f"{library} is not installed")
    assert tuple(told[library][state]) == (("in-use", detail) if detail else ("", ""))
