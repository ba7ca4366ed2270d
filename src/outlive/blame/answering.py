"""Answers who keeps what, in a process of its own: the snapshot is analysed here, and not where the tests run.

The process of the tests so imports no numpy, starts no threads and keeps nothing of this. What is asked comes as JSON
on stdin (`asking` has its fields), the answers go out as JSON on stdout, in the same order.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from outlive.blame.holding import Holding
from outlive.capture.snapshot import load
from outlive.heap.heap import Heap


def answers(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """A keeper, as a dict of its fields, for each of `asked["things"]`: (address in the snapshot, life)."""
    heap = Heap(load(asked["snapshot"]))
    fixtures = {
        int(number): [node for node in map(heap.node_at, addresses) if node]
        for number, addresses in asked["fixtures"].items()
    }
    holding = Holding(heap, frozenset(asked["test_modules"]), fixtures, frozenset(asked["own"]))
    return [asdict(holding.keeper(heap.node_at(address), life)) for address, life in asked["things"]]


def main() -> None:
    """Read, answer, write."""
    json.dump(answers(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
