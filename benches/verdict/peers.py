"""One function judged by a peer, in this process: `python -m benches.verdict.peers psleak|naive MODULE:FUNCTION`.

Prints `leak` or `clean`. Run in a fresh process each time, by whatever interpreter has the peer.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import sys
import time
from collections.abc import Callable

_NAIVE_SECONDS = 5.0
_NAIVE_CALLS = 100_000
_NAIVE_BYTES = 1 << 20


def caller_of(target: str) -> Callable[[], object]:
    """The function as something without arguments; an async one turns a loop of its own."""
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    numbers = iter(range(sys.maxsize))
    if asyncio.iscoroutinefunction(function):
        loop = asyncio.new_event_loop()
        return lambda: loop.run_until_complete(function(next(numbers)))
    return lambda: function(next(numbers))


def naive(target: str) -> bool:
    """RSS grew by a megabyte, after ten calls of warm-up."""
    call = caller_of(target)
    for _ in range(10):
        call()
    gc.collect()
    before, until = _rss_bytes(), time.monotonic() + _NAIVE_SECONDS
    for number in range(_NAIVE_CALLS):
        try:
            call()
        except OSError:  # out of descriptors or threads: the rule looks at memory only
            break
        if number % 64 == 0 and time.monotonic() > until:
            break
    gc.collect()
    return _rss_bytes() - before > _NAIVE_BYTES


def psleak(target: str) -> bool:
    """psleak's own test case with all its checkers."""
    import psleak as peer  # type: ignore[import-not-found, unused-ignore]

    class Case(peer.MemoryLeakTestCase):  # type: ignore[misc, unused-ignore]
        verbosity = 0

        def runTest(self) -> None:
            self.execute(caller_of(target))

    Case.setUpClass()
    try:
        Case().runTest()
    except peer.Error:
        return True
    return False


def _rss_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    judge = {"naive": naive, "psleak": psleak}[sys.argv[1]]
    print("leak" if judge(sys.argv[2]) else "clean", flush=True)
    os._exit(0)  # threads and children of the workload would keep us
