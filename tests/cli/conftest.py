"""Snapshots of a small program, made once for the tests of the verbs that read them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
import gc, sys
from outlive import snapshot

gc.disable()  # garbage must wait


class Session:
    pass


class Passing:
    pass


class Cyclic:
    pass


sessions, passing, pages = {}, [], [b"x" * 100_000]


def handle(number):
    sessions[f"u{number}"] = Session()
    passing.append(Passing())


def at(name):
    snapshot(f"{sys.argv[1]}/{name}.outlive")


at("warm-up")  # what outlive.snapshot itself brings in is then there before the first one that counts
at("a")
for number in range(20):
    handle(number)
one = Cyclic()
one.itself = one
del one
at("b")
passing.clear()
handle(99)
at("c")
"""


@pytest.fixture(scope="session")
def heaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a, b and c.outlive of one process, and stamped.outlive of another, with the line of each object."""
    folder, elsewhere = tmp_path_factory.mktemp("heaps"), tmp_path_factory.mktemp("elsewhere")
    script = folder / "service.py"
    script.write_text(PROGRAM)
    subprocess.run([sys.executable, str(script), str(folder)], check=True)
    words = ["-o", str(folder / "stamped.outlive"), str(script), str(elsewhere)]
    subprocess.run([sys.executable, "-m", "outlive", "snapshot", *words], check=True, capture_output=True)
    return folder
