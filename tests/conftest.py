"""What all tests share: programs to look at, and signals that work, here and in every process that a test starts.

Jobs in the background are started with Ctrl-C ignored, under nohup with hang-ups, and a process hands that on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

# A machine with other work to do is no failure of an example.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_configure() -> None:
    """Before anything is collected, in each worker."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under nohup
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another of many runs has.

    With OUTLIVE_SKIP_ANY_PYTHON=1, what is the same on every Python. With OUTLIVE_SLOW_SHARE=0/3, of the files of slow
    tests all but the first third, by a number of their names: the other thirds are another Python's.
    """
    left_out = [item for item in items if _is_anothers(item)]
    if left_out:
        items[:] = [item for item in items if not _is_anothers(item)]
        config.hook.pytest_deselected(items=left_out)


def _is_anothers(item: pytest.Item) -> bool:
    if os.environ.get("OUTLIVE_SKIP_ANY_PYTHON") and item.get_closest_marker("any_python"):
        return True
    share, _, shares = os.environ.get("OUTLIVE_SLOW_SHARE", "0/1").partition("/")
    file = item.nodeid.partition("::")[0]
    return bool(item.get_closest_marker("slow")) and zlib.crc32(file.encode()) % int(shares) != int(share)


@pytest.fixture(autouse=True, scope="session")
def private_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a check keeps for the next command goes to a folder of the tests', not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


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
