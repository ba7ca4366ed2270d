"""User instructions of a program alone and under `outlive run`: what can be counted exactly where seconds cannot.

A figure is the difference of two runs, one of them twice as long, so that neither the start nor the end is in it, and
the ratio of watched to alone of that. Counted by the processor where `perf` can, else by valgrind, which knows user
instructions only and is some thirty times as slow; looks at intervals are put off, as there would be thirty times as
many of them. What an instruction costs is not asked: those of stamping hit memory more often than the average does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

_FILE = str(Path(__file__).with_name("programs.py"))
ROUNDS = {"objects": 4, "text": 2, "numbers": 1, "generators": 4, "echo": 1}
"""Of the shorter run: long enough to have learnt all that is learnt once."""

_PERF = ["perf", "stat", "-x,", "-e", "instructions:u", "-o"]
_VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--cachegrind-out-file=/dev/null"]


class NoCounterError(Exception):
    """This machine counts no instructions."""


def counter() -> list[str]:
    """The words to put before a command, and before the name of the file with the count."""
    if shutil.which("perf"):
        with tempfile.NamedTemporaryFile() as file:
            done = subprocess.run([*_PERF, file.name, "true"], capture_output=True, check=False)
            if done.returncode == 0 and _count_in(file.name) is not None:
                return _PERF
    if shutil.which("valgrind"):
        return [*_VALGRIND, "--log-file"]
    raise NoCounterError("neither perf (with a counter of instructions) nor valgrind is here: nothing counts them")


def ratio(python: str, program: str) -> float:
    """Of the instructions of as many rounds, watched to alone."""
    rounds = ROUNDS[program]
    alone, watched = (
        count(python, program, 2 * rounds, watched=watched) - count(python, program, rounds, watched=watched)
        for watched in (False, True)
    )
    return watched / alone


def count(python: str, program: str, rounds: int, *, watched: bool) -> int:
    """The instructions of a whole run, from the start of Python to its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "count")
        words = counter()
        into = [f"{words[-1]}={file}"] if words[0] == "valgrind" else [words[-1], file]
        command = [*words[:-1], *into, python, _FILE, program, str(rounds)]
        if watched:
            command = [python, "-m", "outlive", "run", "--no-exit-report", "--every", "10h", "--", *command]
        subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        found = _count_in(file)
    if found is None:
        raise NoCounterError(f"{words[0]} said no count")
    return found


def _count_in(file: str) -> int | None:
    """What perf or valgrind wrote: `123,,instructions:u,…` or `… I   refs:      1,234`."""
    text = Path(file).read_text()
    found = re.search(r"^(\d+),.*instructions", text, re.MULTILINE) or re.search(r"refs:\s+([\d,]+)", text)
    return int(found[1].replace(",", "")) if found else None
