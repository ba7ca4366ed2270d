"""The other side of `suite_plugin`: reads names of snapshots, judges each, deletes it, and writes a line of JSON.

`python -m benches.stuck.suite_judge --summary FILE …` adds such lines up.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from outlive.capture.snapshot import load
from outlive.heap import Heap
from outlive.heap.stuck import blocked_threads, sleeping_tasks, stuck


def judge(file: Path, test: str) -> dict[str, Any]:
    heap = Heap(load(file))
    return {
        "test": test,
        "tasks": sum(1 for _ in sleeping_tasks(heap)),
        "threads": sum(1 for _ in blocked_threads(heap)),
        "stuck": [
            {"kind": one.kind, "name": one.name, "grade": one.grade.value, "where": one.where, "proof": one.proof}
            for one in stuck(heap)
        ],
    }


def main(report: str) -> None:
    with open(report, "w") as out:
        for line in sys.stdin:
            file, _, test = line.rstrip("\n").partition("\t")
            print(json.dumps(judge(Path(file), test)), file=out, flush=True)
            Path(file).unlink()


def summary(reports: list[str]) -> None:
    for report in reports:
        lines = [json.loads(line) for line in Path(report).read_text().splitlines()]
        accused = Counter(
            (one["kind"], one["name"], one["where"], one["grade"]) for line in lines for one in line["stuck"]
        )
        tests, tasks = len({line["test"] for line in lines}), sum(line["tasks"] for line in lines)
        print(
            f"{report}: {tests:,} tests, {len(lines):,} snapshots, {tasks:,} waiting tasks, {accused.total():,} accused"
        )
        for (kind, name, where, grade), count in accused.most_common():
            print(f"  {count:>5} {kind} {name} at {where}: {grade}")


if __name__ == "__main__":
    if sys.argv[1] == "--summary":
        summary(sys.argv[2:])
    else:
        main(sys.argv[1])
