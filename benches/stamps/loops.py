"""Small programs that do little but make objects; and one process that runs one of them under one mode.

Run as `python -m benches.stamps.loops LOOP MODE`: prints the processor seconds of the fastest of a few
rounds, after one to warm up. A loop keeps a part of what it makes, so that memory is both fresh and used again.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

ROUNDS = 5


def tree() -> object:
    class Node:
        def __init__(self, depth: int) -> None:
            self.children = [Node(depth - 1), Node(depth - 1)] if depth else None

    return Node(13)


def json_texts() -> object:
    text = json.dumps([{"id": n, "name": f"user {n}", "tags": ["a", "b", str(n)], "score": n / 7} for n in range(400)])
    return [json.loads(text) for _ in range(8)]


def strings() -> object:
    return [f"{n}:{n * 2}".upper().split(":") for n in range(25_000)]


def floats() -> object:
    total = 0.0
    kept = []
    for n in range(60_000):
        total = total * 0.5 + n
        kept.append(total / 3.0)
    return kept


def list_comprehension() -> object:
    return [[n * m + 1000 for m in range(10)] for n in range(8_000)]


def dict_churn() -> object:
    kept: dict[int, dict[str, int]] = {}
    for n in range(25_000):
        kept[n % 1000] = {"one": n, "two": n + 1000, "three": n + 2000}
    return kept


def calls() -> object:
    def add(left: tuple[int, int], right: int) -> tuple[int, int]:
        return left[0] + right, left[1] - right

    total = (100_000, 100_000)
    for n in range(50_000):
        total = add(total, n)
    return total


LOOPS: dict[str, Callable[[], object]] = {
    "tree": tree, "json": json_texts, "strings": strings, "float": floats, "listcomp": list_comprehension,
    "dict churn": dict_churn, "calls": calls,
}  # fmt: skip
MODES = ("plain", "stamps", "stamps 6", "by allocator", "tracemalloc")


def begin(mode: str) -> None:
    from outlive import _core

    if mode == "tracemalloc":
        import tracemalloc

        tracemalloc.start(1)
    elif mode != "plain":
        _core.Stamps().start(6 if mode == "stamps 6" else 1, allocator=mode == "by allocator")


def main(loop: str, mode: str) -> None:
    begin(mode)
    run = LOOPS[loop]
    run()
    fastest = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        kept = run()
        fastest = min(fastest, time.process_time() - began)
        del kept
    print(fastest)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
