"""`python -m benches.stuck [--objects N] [--tasks N] [--rounds N]`: how long the search for what is stuck takes.

The target is the native pass: with the pause of the snapshot's walk at most twice one `gc.collect()` of the same
program. Beside it stands the whole call, which reads tasks and coroutines, prepares the roots and writes proofs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from outlive.capture.snapshot import load
from outlive.heap import Heap
from outlive.heap import stuck as search


@dataclass(frozen=True)
class Figures:
    nodes: int
    collect: float
    pause: float
    native: float
    prepared: float
    whole: float
    found: int
    wrong: int


def measure(objects: int, tasks: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "heap.outlive"
        program = [sys.executable, "-m", "benches.stuck.program", str(objects), str(tasks), str(file)]
        said = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
        heap = Heap(load(file))
        begun = time.perf_counter()
        found = search.stuck(heap)
        whole = time.perf_counter() - begun
        prepared, native = passes(Heap(load(file)))
    right = sum("stuck_for_ever" in one.name for one in found)
    return Figures(
        said["nodes"], said["collect"], said["pause"], native, prepared, whole, len(found), len(found) - right
    )


def passes(heap: Heap) -> tuple[float, float]:
    """Seconds to know who sleeps and where the walk begins; seconds of one walk."""
    begun = time.perf_counter()
    sleepers = [*search.sleeping_tasks(heap), *search.blocked_threads(heap)]
    walk = search.Search(heap, sleepers)
    arguments = walk.arguments(sleepers)
    ready = time.perf_counter()
    arguments.walk(heap.graph)
    return ready - begun, time.perf_counter() - ready


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.stuck", description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for _ in range(given.rounds):
        one = measure(given.objects, given.tasks)
        ratio = (one.native + one.pause) / one.collect
        print(
            f"{one.nodes:,} objects: collect {one.collect:.3f} s, walk {one.pause:.3f} s + pass {one.native:.3f} s = "
            f"{ratio:.2f}x; roots and tasks {one.prepared:.2f} s, whole call {one.whole:.2f} s; "
            f"{one.found:,} of {given.tasks:,} found, {one.wrong} wrong"
        )


if __name__ == "__main__":
    main()
