"""Small real programs to look at, started and ended by the test, that say when they are ready."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest


class Program:
    """A running Python program that says "ready", and after each line it is told says "done"."""

    def __init__(self, source: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.pid = self.process.pid
        self.answer()

    def answer(self) -> str:
        """The next line that it says; fails when it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the program ended: {self.process.wait()}"
        return line.strip()

    def tell(self, line: str = "go") -> str:
        """Send a line and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        return self.answer()

    def end(self) -> None:
        """Kill it and take its exit status."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[[str], Program]]:
    """Starts a program from its source; ends it after the test."""
    running: list[Program] = []

    def started(source: str) -> Program:
        running.append(Program(source))
        return running[-1]

    yield started
    for program in running:
        program.end()


@pytest.fixture
def cat() -> Iterator[subprocess.Popen[bytes]]:
    """A running program that is not Python. It has answered, so it is surely itself and no longer being loaded."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        process.stdout.readline()
        yield process
