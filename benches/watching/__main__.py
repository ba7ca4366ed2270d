"""`python -m benches.watching [--instructions] [--rounds N] [--python PATH …] [--only NAME …]`: a row a Python, a
column a program.

A pair is the program alone and the program under `outlive run` with its defaults, one at once after the other, in turns
of order; its figure is the ratio of the seconds of the program's own work. Printed is the median over the pairs with
its middle half. What `outlive run` does before and after (starting Python, explaining) is no part of it. With
`--instructions` the ratio of user instructions, which has no noise: see `instructions`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from benches.watching.instructions import NoCounterError, ratio
from benches.watching.programs import PROGRAMS

_FILE = str(Path(__file__).with_name("programs.py"))


def seconds(python: str, program: str, *, watched: bool) -> float:
    """What the program says its own work took."""
    command = [python, _FILE, program]
    if watched:
        command = [python, "-m", "outlive", "run", "--no-exit-report", "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def ratios(python: str, program: str, rounds: int) -> list[float]:
    """Of each pair, watched to alone."""
    found = []
    for at in range(rounds):
        order = (False, True) if at % 2 else (True, False)
        took = {watched: seconds(python, program, watched=watched) for watched in order}
        found.append(took[True] / took[False])
    return found


def words(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.3f} ({low:.3f}–{high:.3f})"


def cell(python: str, program: str, asked: argparse.Namespace) -> str:
    return f"{ratio(python, program):.4f}" if asked.instructions else words(ratios(python, program, asked.rounds))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.watching", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--only", action="append", default=[], choices=list(PROGRAMS))
    asked = parser.parse_args()
    programs = asked.only or list(PROGRAMS)
    print("| CPython |", " | ".join(programs), "|")
    print("|---|" + "---|" * len(programs))
    for python in asked.python or [sys.executable]:
        version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        cells = [cell(python, program, asked) for program in programs]
        print(f"| {version} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    try:
        main()
    except NoCounterError as error:
        sys.exit(str(error))
