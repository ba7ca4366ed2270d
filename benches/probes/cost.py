"""What one reading of each probe costs, beside what the probe declares.

    python benches/probes/cost.py [--objects N]

Reads this process, which holds N more objects (default 1,000,000), and a small child. Medians of single readings.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from outlive.probes.registry import SOURCES, Source

_BUDGET_S = 0.3


def microseconds(read: Callable[[], object]) -> float:
    """The median cost of one reading, from as many as fit in the budget (at least five)."""
    costs: list[float] = []
    began = time.perf_counter()
    while len(costs) < 5 or time.perf_counter() - began < _BUDGET_S:
        before = time.perf_counter()
        read()
        costs.append((time.perf_counter() - before) * 1e6)
    return median(costs)


def row(source: Source, pid: int) -> str:
    """One line of the table."""
    own = microseconds(lambda: source.read(None))
    other = f"{microseconds(lambda: source.read(pid)):12,.1f}" if source.probe.other_processes else f"{'–':>12}"
    return f"{source.probe.name:<14}{own:12,.1f}{other}  {source.probe.cost}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--objects", type=int, default=1_000_000)
    kept = [[] for _ in range(parser.parse_args().objects)]
    print(f"Python {sys.version.split()[0]}, {len(kept):,} more objects; microseconds a reading (median)")
    print(f"{'probe':<14}{'own':>12}{'small child':>12}  declared")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        for source in SOURCES:
            print(row(source, child.pid), flush=True)


if __name__ == "__main__":
    main()
