"""Paths, dominators and retained sizes of whole heaps: seconds, and megabytes above the mapped file.

    python -m benches.heap                                  # 5 M objects fresh, aged, scattered; 20 M aged, scattered
    python -m benches.heap --heaps 1000000:fresh --against  # Outlive alone, on a smaller one
    python -m benches.heap --folder /var/tmp/heaps          # keep the snapshots there for the next time

Each contestant runs in a process of its own, on the same snapshot; the best of `--rounds` runs counts for all. Steps
are seconds of the processor. igraph and rustworkx take part where they are installed, up to `--against-objects`. They
have no retained sizes, which are in Outlive's time only. "Agrees" compares their dominators with ours, node by node.

Memory is what the process took at its peak, with sizes and roots, beyond the mapped file.

fresh: as built. aged: half freed, made anew in the holes, shuffled. scattered: the aged heap with its rows renumbered
at random, so that nothing is near what it refers to. No snapshot is like that: rows stand in the order of the walk.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benches.heap.passes import CONTESTANTS, Array, Clock, Heap, resident

HEAPS = ("5000000:fresh", "5000000:aged", "5000000:scattered", "20000000:aged", "20000000:scattered")
# benches.snapshot.heaps builds about nine objects in ten of those asked for.
BUILT = 1.13


def make(path: Path, objects: int, age: str) -> None:
    """Runs in a process of its own, which then has the heap."""
    import outlive
    from benches.snapshot.heaps import build

    heap = build(int(objects * BUILT), aged=age != "fresh")
    outlive.snapshot(path)
    assert heap


def read(path: Path, age: str) -> Heap:
    """Mapped arrays, read once; of a scattered heap copies. Roots: what is referred to by more than the file shows."""
    from outlive.capture.snapshot import load

    snapshot = load(path)
    edge_start, targets = snapshot.column("edge_start"), snapshot.column("targets")
    refcount = snapshot.column("refcount").astype(np.int64)
    seen = np.bincount(targets, minlength=len(snapshot))
    roots = np.flatnonzero((refcount == 0xFFFFFFFF) | (refcount > seen))
    heap = Heap(edge_start, targets, snapshot.sizes(), roots[roots > 0].astype(np.uint32))
    return scattered(heap) if age == "scattered" else heap


def scattered(heap: Heap) -> Heap:
    new = np.concatenate([[0], 1 + np.random.default_rng(7).permutation(len(heap) - 1)]).astype(np.uint32)
    old = np.empty_like(new)
    old[new] = np.arange(len(new), dtype=np.uint32)
    degrees = np.diff(heap.edge_start).astype(np.int64)[old]
    starts = np.concatenate([[0], np.cumsum(degrees)])
    within = np.arange(starts[-1]) - np.repeat(starts[:-1], degrees)
    places = np.repeat(heap.edge_start[:-1].astype(np.int64)[old], degrees) + within
    return Heap(starts.astype(np.uint64), new[heap.targets[places]], heap.sizes[old], np.sort(new[heap.roots]))


def measure(path: Path, age: str, contestant: str, dominators: Path) -> dict[str, Any]:
    heap = read(path, age)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = resident("VmRSS")
    clock = Clock()
    found = CONTESTANTS[contestant](heap, clock)
    peak = resident("VmHWM") - before + heap.sizes.nbytes + heap.roots.nbytes
    return {
        "nodes": len(heap) - 1, "references": int(heap.edge_start[-1]), "roots": len(heap.roots),
        "steps": clock.cpu, "wall_s": sum(clock.wall.values()), "cpu_s": sum(clock.cpu.values()), "peak_mb": peak / 1e6,
        "agrees": agreement(found, contestant, dominators),
    }  # fmt: skip


def agreement(found: Array, contestant: str, dominators: Path) -> bool | None:
    """Outlive's are left behind for the others to compare theirs with."""
    if contestant == "outlive":
        np.save(dominators, found)
        return None
    return bool(np.array_equal(np.load(dominators), found))


def child(*arguments: str) -> str:
    command = [sys.executable, "-m", "benches.heap", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


STEPS = ("build", "paths", "dominators", "retained")
HEADER = "who            nodes  references" + "".join(f"{name:>11}" for name in STEPS) + "    CPU s   wall s  peak MB"


def line(contestant: str, row: dict[str, Any], ours: dict[str, Any]) -> str:
    steps = "".join(f"{row['steps'][name]:11.3f}" if name in row["steps"] else " " * 10 + "-" for name in STEPS)
    figures = f"{row['cpu_s']:9.3f}{row['wall_s']:9.3f}{row['peak_mb']:9,.0f}"
    against = ""
    if row is not ours:
        cpu, wall, peak = (row[name] / ours[name] for name in ("cpu_s", "wall_s", "peak_mb"))
        against = f"{cpu:6.1f}x CPU {wall:5.1f}x wall {peak:5.1f}x memory, "
        against += "agrees" if row["agrees"] else "DIFFERS"
    return f"{contestant:9}{row['nodes']:>11,} {row['references']:>11,}{steps}{figures}{against}"


def best(rounds: int, *arguments: str) -> dict[str, Any]:
    rows = [json.loads(child(*arguments)) for _ in range(rounds)]
    return min(rows, key=lambda row: float(row["cpu_s"]))


def compare(folder: Path, objects: int, age: str, rivals: list[str], rounds: int) -> None:
    path = folder / f"{objects}-{'fresh' if age == 'fresh' else 'aged'}.outlive"
    if not path.exists():
        child("--make", str(path), str(objects), age)
    dominators = folder / f"dominators-{os.getpid()}.npy"
    try:
        ours: dict[str, Any] = {}
        for contestant in ["outlive", *rivals]:
            row = best(rounds, "--one", str(path), age, contestant, str(dominators))
            ours = ours or row
            print(line(contestant, row, ours), flush=True)
    finally:
        dominators.unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heaps", nargs="*", default=HEAPS, metavar="OBJECTS:AGE")
    parser.add_argument("--against", nargs="*", default=["igraph", "rustworkx"])
    parser.add_argument("--against-objects", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.make:
        make(Path(args.make[0]), int(args.make[1]), args.make[2])
        return 0
    if args.one:
        print(json.dumps(measure(Path(args.one[0]), args.one[1], args.one[2], Path(args.one[3]))))
        return 0
    rivals = [name for name in args.against if importlib.util.find_spec(name)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for heap in args.heaps:
            count, _, age = heap.partition(":")
            print(f"{int(count):,} objects, {age}\n{HEADER}", flush=True)
            compare(folder, int(count), age, rivals if int(count) <= args.against_objects else [], args.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
