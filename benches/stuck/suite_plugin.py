"""A plugin for other people's test suites: looks for what is stuck while their tests run.

`pytest -p benches.stuck.suite_plugin --stuck-report FILE`, with the root of this checkout on PYTHONPATH. An event loop
that is about to wait has nothing that is ready to run: every task waits for something then. At the first such moment of
a test a snapshot is taken, and another process judges it, so that the tests go on; moments while that is behind are
passed over (`--stuck-behind`). With `--stuck-once` a test that runs with many parameters is looked at once. Tests are
not changed; a suite's own time-outs see a pause.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import outlive

_EACH = 1
_BEHIND = 4  # snapshots that may wait for the judge, unless said otherwise; beyond, moments are passed over


@contextlib.contextmanager
def _no_loop_runs() -> Iterator[None]:
    """For what blocks for a moment: some suites raise an error where a loop's thread does (blockbuster)."""
    import asyncio  # not before the suite's own plugins have loaded it

    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


class Watch:
    """Which test runs, and how often it was looked at."""

    def __init__(self, report: str, *, behind: int = _BEHIND, once: bool = False) -> None:
        self._behind, self._once, self._seen = behind, once, set[str]()
        self.test = ""
        self.looks = 0
        self.passed_over = 0
        self._folder = Path(tempfile.mkdtemp(prefix="stuck-"))
        judge = [sys.executable, "-m", "benches.stuck.suite_judge", report]
        self._judge = subprocess.Popen(judge, stdin=subprocess.PIPE, text=True)
        self._taken = 0

    def begin(self, test: str) -> None:
        self.test, self.looks = test, 0

    def look(self) -> None:
        name = self.test.partition("[")[0]
        if not name or self.looks >= _EACH or (self._once and name in self._seen):
            return
        with _no_loop_runs():
            behind = len(os.listdir(self._folder))
        if behind >= self._behind:
            self.passed_over += 1
            return
        self.looks += 1
        self._seen.add(name)
        self._taken += 1
        file = self._folder / str(self._taken)
        outlive.snapshot(file)
        with _no_loop_runs():
            assert self._judge.stdin is not None
            self._judge.stdin.write(f"{file}\t{self.test}\n")
            self._judge.stdin.flush()

    def end(self) -> None:
        assert self._judge.stdin is not None
        self._judge.stdin.close()
        self._judge.wait()
        shutil.rmtree(self._folder)  # a snapshot or two, where the judge was stopped


_watches: list[Watch] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stuck-report", default="stuck.jsonl", help="a line of JSON for each snapshot goes here")
    parser.addoption("--stuck-behind", type=int, default=_BEHIND, help="snapshots that may wait for the judge")
    parser.addoption("--stuck-once", action="store_true", help="look at a test once, whatever its parameters")


def pytest_configure(config: pytest.Config) -> None:
    watch = Watch(
        str(Path(config.getoption("--stuck-report")).absolute()),
        behind=config.getoption("--stuck-behind"),
        once=config.getoption("--stuck-once"),
    )
    _watches.append(watch)
    for kind in (selectors.EpollSelector, selectors.PollSelector, selectors.SelectSelector):
        kind.select = _looking(kind.select, watch)  # type: ignore[method-assign]


def _looking(select: Any, watch: Watch) -> Any:
    def looking(self: Any, timeout: float | None = None) -> Any:
        if timeout is None or timeout > 0:
            watch.look()
        return select(self, timeout)

    return looking


def pytest_runtest_logstart(nodeid: str, location: object) -> None:
    del location
    for watch in _watches:
        watch.begin(nodeid)


def pytest_sessionfinish() -> None:
    for watch in _watches:
        watch.begin("")
        watch.end()
        print(f"\nmoments passed over: {watch.passed_over}")
