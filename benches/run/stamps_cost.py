"""`python -m benches.run.stamps_cost [--pairs N] [--python PATH …]`: what sparse stamps cost realistic programs.

Rounds with stamps and rounds without follow each other in one process, CPU time each; a figure is the fastest third of
the ones over the fastest third of the others, the median over a few processes. The row "noise" has stamps on neither
side.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benches.run.programs import PROGRAMS

MODES: dict[str, dict[str, object] | None] = {
    "noise": None,
    "sparse": {"sparse": True},
    "sparse, scoped": {"sparse": True},
    "sparse, through": {"sparse": True, "through": (os.path.dirname(os.__file__).encode() + b"/",)},
    "all": {},
}
ROUND_SECONDS = 0.03


def repeats_of(work: Callable[[], object]) -> int:
    began = time.process_time()
    work()
    return max(1, round(ROUND_SECONDS / max(time.process_time() - began, 1e-4)))


def cost(work: Callable[[], object], repeats: int) -> float:
    gc.collect()
    began = time.process_time()
    for _ in range(repeats):
        work()
    return time.process_time() - began


def cost_with(mode: str, work: Callable[[], object], repeats: int) -> float:
    from contextvars import ContextVar, copy_context

    from outlive import _core

    options = MODES[mode]
    if options is None:
        return cost(work, repeats)
    stamps = _core.Stamps()
    stamps.start(**options)  # type: ignore[arg-type]
    try:
        for _ in range(repeats):
            work()  # so that the pages of the stamps' tables are there
        if mode != "sparse, scoped":
            return cost(work, repeats)
        scope: ContextVar[int] = ContextVar("scope")
        stamps.scope_variable(scope)

        def scoped() -> float:
            scope.set(7)
            return cost(work, repeats)

        return copy_context().run(scoped)
    finally:
        stamps.stop()


def fastest(costs: list[float]) -> float:
    """The mean of the fastest third: what the program costs where no neighbour disturbs it."""
    return statistics.mean(sorted(costs)[: max(1, len(costs) // 3)])


def ratio(mode: str, program: str, pairs: int) -> float:
    work = PROGRAMS[program]
    work()
    repeats = repeats_of(work)
    plain, watched = [], []
    for pair in range(pairs):
        if pair % 2:
            plain.append(cost(work, repeats))
        watched.append(cost_with(mode, work, repeats))
        if not pair % 2:
            plain.append(cost(work, repeats))
    return fastest(watched) / fastest(plain)


def ratio_elsewhere(python: str, mode: str, program: str, pairs: int) -> float:
    """In a process of its own, so that what one program leaves behind is not in the figures of the next."""
    line = "import sys, json; from benches.run.stamps_cost import ratio; print(ratio(*json.loads(sys.argv[1])))"
    asked = json.dumps([mode, program, pairs])
    done = subprocess.run([python, "-c", line, asked], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.run.stamps_cost", description=__doc__)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--mode", action="append", choices=list(MODES))
    parser.add_argument("--python", action="append", default=[])
    asked = parser.parse_args()
    print("| CPython | stamps |", " | ".join(PROGRAMS), "|")
    print("|---|---|" + "---|" * len(PROGRAMS))
    for python in asked.python or [sys.executable]:
        version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        for mode in asked.mode or MODES:
            row = [
                statistics.median(ratio_elsewhere(python, mode, program, asked.pairs) for _ in range(asked.processes))
                for program in PROGRAMS
            ]
            print(f"| {version} | {mode} |", " | ".join(f"{value:.3f}" for value in row), "|", flush=True)


if __name__ == "__main__":
    main()
