"""Times and memory of a snapshot against the ways there were before, in one process on one heap.

    python -m benches.snapshot                      # 1 M and 5 M objects, fresh and aged, with every rival installed
    python -m benches.snapshot --objects 1000000 --ages fresh --rounds 3

Prints a row a heap: seconds (median), the pause against one gc.collect(), rivals against us, extra bytes an object.
The first snapshot of a heap is a warm-up and not counted: this machine may have to find fresh memory for it.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path


def loop_over_everything() -> int:
    """The loop that everybody writes by hand, for the same facts: address, type, size, count and referents of each.

    Kept as quick as Python allows: arrays of machine words instead of objects, one look-up a reference.
    """
    seen: set[int] = set()
    addresses, types, sizes, counts, starts, targets = (array("Q") for _ in range(6))
    todo = gc.get_objects()
    seen.update(map(id, todo))
    while todo:
        found = []
        for one in todo:
            referents = gc.get_referents(one)
            addresses.append(id(one))
            types.append(id(type(one)))
            sizes.append(sys.getsizeof(one, 0))
            counts.append(sys.getrefcount(one))
            starts.append(len(targets))
            for other in referents:
                number = id(other)
                targets.append(number)
                if number not in seen:
                    seen.add(number)
                    found.append(other)
        todo = found
    return len(addresses)


def guppy_heap() -> int:
    from guppy import hpy

    return int(hpy().heap().size)


def timed(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and bytes by which the process' peak rose above where it stood."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = resident("VmRSS")
    began = time.perf_counter()
    work()
    return time.perf_counter() - began, max(0, resident("VmHWM") - before)


def resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def measure(objects: int, age: str, rounds: int) -> dict[str, float | int | str | None]:
    """One heap, everything on it. Runs in a process of its own."""
    import outlive
    from benches.snapshot.heaps import build

    heap = build(objects, aged=age == "aged")
    pauses, wholes, collects, extra = [], [], [], []
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path = os.path.join(folder, "heap.outlive")
        taken = [outlive.snapshot(path)]
        for _ in range(rounds):
            collects.append(timed(gc.collect)[0])
            seconds, peak = timed(lambda: taken.append(outlive.snapshot(path)))
            pauses.append(taken[-1].pause_seconds)
            wholes.append(seconds)
            extra.append(peak / taken[-1].nodes)
    check = taken[-1]
    rivals: dict[str, float | None] = {"loop": timed(loop_over_everything)[0], "guppy3": None}
    if importlib.util.find_spec("guppy"):
        rivals["guppy3"] = timed(guppy_heap)[0]
    whole, pause, collect = map(statistics.median, (wholes, pauses, collects))
    return {
        "python": sys.version.split()[0], "objects": check.nodes, "references": check.edges, "tracked": check.tracked,
        "age": age, "snapshot_s": whole, "pause_s": pause, "collect_s": collect, "pause_per_collect": pause / collect,
        "loop_s": rivals["loop"], "loop_times": (rivals["loop"] or 0) / whole, "guppy3_s": rivals["guppy3"],
        "guppy3_times": rivals["guppy3"] / whole if rivals["guppy3"] else None,
        "extra_bytes_per_object": statistics.median(extra), "explained": check.explained_share, "fewer": check.fewer,
        "kept": len(heap),
    }  # fmt: skip


def line(row: dict[str, float | int | str | None]) -> str:
    """One heap's row; rivals as seconds and as times the pause, which is what they make the program wait for."""
    pause = float(row["pause_s"] or 0)
    rivals = [
        f"{float(row[name] or 0):6.2f} s {float(row[name] or 0) / pause:4.0f}x" if row[name] else "not installed "
        for name in ("loop_s", "guppy3_s")
    ]
    return (
        f"{row['objects']:>9,} {row['age']:6} {pause:6.3f} {row['snapshot_s']:6.3f}  {row['collect_s']:6.3f}  "
        f"{row['pause_per_collect']:13.2f}  {rivals[0]}  {rivals[1]}  {row['extra_bytes_per_object']:8.0f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, nargs="*", default=[1_000_000, 5_000_000])
    parser.add_argument("--ages", nargs="*", default=["fresh", "aged"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("OBJECTS", "AGE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(int(args.one[0]), args.one[1], args.rounds)))
        return 0
    print("  objects age      pause  whole  collect  pause/collect  loop            guppy3           extra B/object")
    for objects in args.objects:
        for age in args.ages:
            one = ["--one", str(objects), age, "--rounds", str(args.rounds)]
            command = [sys.executable, "-m", "benches.snapshot", *one]
            print(
                line(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)), flush=True
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
