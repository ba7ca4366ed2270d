"""Programs to watch, and `outlive watch` itself, as real processes that are ended with their test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

WATCH = [sys.executable, "-m", "outlive", "watch"]


@pytest.fixture
def watch() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `outlive watch` with these words to its end."""

    def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [*WATCH, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)

    return run


class Watching:
    """A running `outlive watch --json`, whose lines are read as they come."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [*WATCH, "--json", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._bound = threading.Timer(60, self.process.kill)  # a line that never comes must not hang the tests
        self._bound.daemon = True
        self._bound.start()

    def line(self) -> dict[str, Any]:
        """The next line of JSON."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, self.process.communicate()
        found: dict[str, Any] = json.loads(text)
        return found

    def sample(self, number: int) -> dict[str, Any]:
        """The first sample from here on that bears this number and is not of the warm-up."""
        while True:
            line = self.line()
            assert line["kind"] != "summary", line
            if line["kind"] == "sample" and line["number"] == number and not line["warmup"]:
                return line

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, number)

    def end(self) -> tuple[dict[str, Any], int]:
        """Read to the end: the summary and the exit code."""
        line = self.line()
        while line["kind"] != "summary":
            line = self.line()
        self.process.communicate(timeout=30)
        self._bound.cancel()
        return line, self.process.returncode


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    """Starts `outlive watch --json` with these words; ends it after the test."""
    running: list[Watching] = []

    def started(*words: object) -> Watching:
        running.append(Watching(*words))
        return running[-1]

    yield started
    for one in running:
        one.process.kill()
        one.process.communicate()
