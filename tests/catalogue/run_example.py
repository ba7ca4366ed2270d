"""Runs a scenario of the catalogue and counts what it is about: a turn to warm up, then what a second turn adds.

    python run_example.py SCENARIO EXPRESSION STEPS

The expression sees the scenario's names and `alive("Class")`. Not a test itself: the tests start it, for the examples
change what a whole process has (exit functions, signal handlers, threads).
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import runpy
import sys
from typing import Any


def alive(name: str) -> int:
    """How many instances of classes of this name are alive."""
    return sum(type(one).__name__ == name for one in gc.get_objects())


def classes(name: str) -> int:
    return sum(isinstance(one, type) and one.__name__ == name for one in gc.get_objects())


def children() -> int:
    """Child processes, finished ones that nobody waited for included."""
    with open(f"/proc/self/task/{os.getpid()}/children") as listed:
        return len(listed.read().split())


def native_bytes() -> int:
    """Bytes that malloc has handed out."""
    import ctypes

    class Arena(ctypes.Structure):
        _fields_ = [(f"figure_{number}", ctypes.c_size_t) for number in range(10)]

    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Arena
    return int(mallinfo2().figure_7)  # uordblks


async def grown(namespace: dict[str, Any], expression: str, steps: int) -> int:
    counted = []
    for turn in range(2):
        for i in range(turn * steps, (turn + 1) * steps):
            done = namespace["step"](i)
            if inspect.isawaitable(done):
                await done
        await asyncio.sleep(0)
        gc.collect()
        counted.append(eval(expression, {**globals(), **namespace["step"].__globals__}))
    return int(counted[1] - counted[0])


if __name__ == "__main__":
    scenario, expression, steps = sys.argv[1:]
    print(asyncio.run(grown(runpy.run_path(scenario), expression, int(steps))), flush=True)
    os._exit(0)  # some examples leave threads and exit functions behind
