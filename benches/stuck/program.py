"""A program of many objects with as many tasks that sleep as tasks that can never wake; prints what it costs.

`python -m benches.stuck.program OBJECTS TASKS FILE`: builds, times one `gc.collect()`, and writes a snapshot to FILE.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time

import outlive
from benches.snapshot.heaps import build


async def stuck_for_ever(number: int) -> None:
    """Each third one waits for a future, a queue, an event that nobody else has."""
    if number % 3 == 0:
        await asyncio.get_running_loop().create_future()
    elif number % 3 == 1:
        await asyncio.Queue().get()
    else:
        await asyncio.Event().wait()


async def sleeping(_number: int) -> None:
    await asyncio.sleep(3600)


async def main(objects: int, tasks: int, file: str) -> None:
    heap = build(objects)
    held = {asyncio.ensure_future(one(number)) for number in range(tasks) for one in (stuck_for_ever, sleeping)}
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    begun = time.perf_counter()
    gc.collect()
    collected = time.perf_counter() - begun
    facts = outlive.snapshot(file)
    print(json.dumps({"collect": collected, "pause": facts.pause_seconds, "nodes": facts.nodes}), flush=True)
    os._exit(0 if heap and held else 1)  # ending 2,000 tasks is not what is measured


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
