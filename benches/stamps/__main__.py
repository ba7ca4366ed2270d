"""`python -m benches.stamps [--rounds N] [--python PATH …]`: a row of ratios for each loop, per Python.

A ratio is taken within one round, in which the modes follow each other at once; the median over the rounds is printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from benches.stamps.loops import LOOPS, MODES


def seconds(python: str, loop: str, mode: str) -> float:
    done = subprocess.run(
        [python, "-m", "benches.stamps.loops", loop, mode], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def ratios(python: str, loop: str, rounds: int, modes: tuple[str, ...]) -> dict[str, float]:
    """Median ratio of each mode to the plain run of its own round."""
    found: dict[str, list[float]] = {mode: [] for mode in modes}
    for _ in range(rounds):
        plain = seconds(python, loop, "plain")
        for mode in modes:
            found[mode].append(seconds(python, loop, mode) / plain)
    return {mode: statistics.median(values) for mode, values in found.items()}


def version(python: str) -> str:
    done = subprocess.run([python, "-V"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.stamps", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", action="append", default=[])
    asked = parser.parse_args()
    print("| CPython | mode |", " | ".join(LOOPS), "|")
    print("|---|---|" + "---|" * len(LOOPS))
    for python in asked.python or [sys.executable]:
        name = version(python)
        modes = tuple(mode for mode in MODES[1:] if mode != "by allocator" or name.startswith("3.13"))
        table = {loop: ratios(python, loop, asked.rounds, modes) for loop in LOOPS}
        for mode in modes:
            print(f"| {name} | {mode} |", " | ".join(f"{table[loop][mode]:.2f}" for loop in LOOPS), "|", flush=True)


if __name__ == "__main__":
    main()
