"""Runs a program under heaptrack, and reads what it says was not freed.

heaptrack knows nothing of reachability: to it everything that lives at the end is leaked. Its cost file has the exact
bytes of each stack and no count of blocks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from specimens.swarm.answer import Answer, Frame, Lost
from specimens.swarm.building import SOURCE

SIGNALLED = 128
"""A shell's exit code for a program that a signal killed is this and the signal's number."""

FRAME = re.compile(r"^(\S+)(?: \((\S+)\))?$")


def missing() -> str:
    return "" if shutil.which("heaptrack") and shutil.which("heaptrack_print") else "heaptrack is not installed"


def answer(words: Sequence[str], folder: Path, timeout_s: float) -> Answer:
    record, costs = folder / "heaptrack.record", folder / "costs.txt"
    done = subprocess.run(["heaptrack", "-o", str(record), *words], capture_output=True, timeout=timeout_s)
    if done.returncode >= SIGNALLED:
        return Answer(failed=f"the program died of signal {done.returncode - SIGNALLED}")
    written = next(iter(folder.glob("heaptrack.record*")), None)
    if written is None:
        return Answer(failed="no record of heaptrack")
    reading = ["heaptrack_print", "-f", str(written), "-F", str(costs), "--flamegraph-cost-type", "leaked"]
    subprocess.run(reading, capture_output=True, timeout=timeout_s)
    if not costs.exists():
        return Answer(failed="heaptrack_print could not read the record")
    return read(costs.read_text(encoding="utf-8", errors="replace"))


def read(text: str) -> Answer:
    """Lines of `outermost (file.c);…;innermost (file.c); bytes`."""
    ours = {path.name for path in SOURCE.rglob("*.c")}
    lost = []
    for line in text.splitlines():
        names, _, size = line.rpartition("; ")
        if names and size.isdigit() and int(size) > 0:
            matches = [FRAME.match(name) for name in reversed(names.split(";"))]
            frames = tuple(Frame(match[1], match[2] if match[2] in ours else "") for match in matches if match)
            lost.append(Lost(int(size), None, frames))
    return Answer(tuple(lost))
