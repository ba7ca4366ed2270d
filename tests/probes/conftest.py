"""Small real programs to look at, started and ended by the test, that say when they are ready."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest


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
