"""`python -m benches.allocations`: what a watch over allocations costs, in microseconds a block.

Two loops, each alone and watched: one whose blocks come and go, and one whose blocks stay, so that from the third on
the native stack is unwound. Least of five rounds each.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from outlive import _core

_BLOCKS, _ROUNDS = 20_000, 5


def come_and_go() -> None:
    for _ in range(_BLOCKS):
        bytearray(100)


def stay() -> None:
    _ = [bytearray(100) for _ in range(_BLOCKS)]


def microseconds(work: Callable[[], None], *, watched: bool) -> float:
    """Per object that is made, which is two blocks."""
    least = float("inf")
    for _ in range(_ROUNDS):
        if watched and not _core.watch_allocations():
            raise SystemExit("allocations could not be watched")
        began = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - began)
        if watched:
            _core.forget_allocations()
    return least / _BLOCKS * 1e6


def main() -> None:
    for work in (come_and_go, stay):
        alone, watched = microseconds(work, watched=False), microseconds(work, watched=True)
        print(f"{work.__name__:12} alone {alone:6.2f} us   watched {watched:6.2f} us an object of two blocks")


if __name__ == "__main__":
    main()
