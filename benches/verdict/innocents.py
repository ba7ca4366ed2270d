"""Functions that leave nothing behind in the end, though most look as if they did. `INNOCENTS` lists them all."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import decimal
import functools
import json
import os
import queue
import re
import sqlite3
import subprocess
import tempfile
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benches.verdict import native
from benches.verdict.chance import R


def nothing(i: int) -> None:
    pass


@functools.lru_cache(maxsize=1000)
def _page(key: int) -> str:
    return f"page {key} " * 50


def cache_of_1000(i: int) -> None:
    _page(i)


def cache_under_zipf(i: int) -> None:
    _page(int(10_000 ** R.random()))


_RECENT: collections.deque[bytes] = collections.deque(maxlen=500)


def recent_500(i: int) -> None:
    _RECENT.append(bytes(200))


_BY_HAND: collections.OrderedDict[int, bytes] = collections.OrderedDict()


def cache_by_hand(i: int) -> None:
    _BY_HAND[i] = bytes(100)
    if len(_BY_HAND) > 700:
        _BY_HAND.popitem(last=False)


def pattern_cache(i: int) -> None:
    re.search(rf"user-{i}:(\w+)", f"user-{i}:abc")


_RING: list[Any] = [None] * 1500


def ring_of_buffers(i: int) -> None:
    _RING[i % 1500] = bytearray(R.randrange(200, 20_000))


def churn(i: int) -> None:
    rows = [{"id": n, "name": f"row {n}"} for n in range(R.randrange(50))]
    json.dumps(rows)


class _Node:
    def __init__(self) -> None:
        self.me = self


def cycles(i: int) -> None:
    for _ in range(5):
        _Node()


class _Finalised(_Node):
    def __del__(self) -> None:
        self.gone = True


def cycles_with_finalisers(i: int) -> None:
    _Finalised()


_POOL: list[bytearray] = []


def fragmentation(i: int) -> None:
    _POOL.append(bytearray(R.randrange(16, 4000)))
    if len(_POOL) > 400:
        del _POOL[R.randrange(len(_POOL))]


def random_teeth(i: int) -> None:
    _POOL.append(bytearray(R.randrange(16, 2000)))
    if R.random() < 0.01:
        _POOL.clear()


def pool_around_100(i: int) -> None:
    if len(_POOL) < 200 and R.random() * 200 > len(_POOL):
        _POOL.append(bytearray(100))
    elif _POOL:
        _POOL.pop()


_LOG: list[str] = []


def log_flushed_each_500(i: int) -> None:
    _LOG.append(f"line {i}")
    if len(_LOG) >= 500:
        _LOG.clear()


_SEEN: set[int] = set()


def seen_set_of_200(i: int) -> None:
    _SEEN.add(R.randrange(200))


_LAZY: dict[int, Any] = {}


def lazy_tables(i: int) -> None:
    if i < 300 and i % 3 == 0:
        _LAZY[i] = list(range(R.randrange(1000)))


def asyncio_run(i: int) -> None:
    asyncio.run(asyncio.sleep(0))


async def tasks_awaited(i: int) -> None:
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(5)))


async def timers_cancelled(i: int) -> None:
    asyncio.get_running_loop().call_later(3600, print, i).cancel()
    await asyncio.sleep(0)


def strptime(i: int) -> None:
    time.strptime(f"2024-01-{1 + i % 28:02d}", "%Y-%m-%d")


_EXECUTOR = ThreadPoolExecutor(max_workers=40)


def thread_pool(i: int) -> None:
    for job in [_EXECUTOR.submit(time.sleep, 0.001) for _ in range(min(2 + i, 60))]:
        job.result()


def thread_joined(i: int) -> None:
    thread = threading.Thread(target=nothing, args=(i,))
    thread.start()
    thread.join()


def file_closed(i: int) -> None:
    with open(os.devnull) as file:
        file.read()


def temp_file_removed(i: int) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")


def child_waited(i: int) -> None:
    subprocess.run(["/bin/true"], check=True)


_WEAK: weakref.WeakValueDictionary[int, _Node] = weakref.WeakValueDictionary()


def weak_registry(i: int) -> None:
    _WEAK[i] = _Node()


def exception_caught(i: int) -> None:
    with contextlib.suppress(LookupError):
        raise LookupError(i)


_DATABASE = sqlite3.connect(":memory:", check_same_thread=False)


def database_row_replaced(i: int) -> None:
    _DATABASE.execute("create table if not exists t (k integer primary key, v text)")
    _DATABASE.execute("insert or replace into t values (?, ?)", (i % 50, f"v{i}"))


_QUEUE: queue.Queue[int] = queue.Queue()


def queue_drained_at_random(i: int) -> None:
    _QUEUE.put(i)
    if R.random() < 0.05:
        while not _QUEUE.empty():
            _QUEUE.get()


def malloc_and_free(i: int) -> None:
    native.free(native.malloc(R.randrange(16, 5000)))


def decimals(i: int) -> None:
    with decimal.localcontext() as context:
        context.prec = 10 + i % 50
        decimal.Decimal(1) / decimal.Decimal(7)


_BUFFER = bytearray()


def buffer_reused(i: int) -> None:
    del _BUFFER[:]
    _BUFFER.extend(bytes(R.randrange(10_000)))


INNOCENTS = [
    nothing, cache_of_1000, cache_under_zipf, recent_500, cache_by_hand, pattern_cache, ring_of_buffers, churn,
    cycles, cycles_with_finalisers, fragmentation, random_teeth, pool_around_100, log_flushed_each_500,
    seen_set_of_200, lazy_tables, asyncio_run, tasks_awaited, timers_cancelled, strptime, thread_pool, thread_joined,
    file_closed, temp_file_removed, child_waited, weak_registry, exception_caught, database_row_replaced,
    queue_drained_at_random, malloc_and_free, decimals, buffer_reused,
]  # fmt: skip
