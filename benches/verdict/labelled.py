"""The labelled set: 15 leaking and 18 clean functions, on which other tools' figures are known.

Of these, psleak 0.1.6 finds 9 and accuses 3; pytest-memray's limit_leaks finds 10 and accuses 12.
"""

from __future__ import annotations

import asyncio
import collections
import functools
import os
import re
import threading
import time
from typing import Any

from benches.verdict import native

KEPT: list[Any] = []
SHARED = object()


def native_64_each(i: int) -> None:
    native.malloc(64)


def native_64_each_10th(i: int) -> None:
    if i % 10 == 0:
        native.malloc(64)


def native_64_each_100th(i: int) -> None:
    if i % 100 == 0:
        native.malloc(64)


def native_64_each_1000th(i: int) -> None:
    if i % 1000 == 0:
        native.malloc(64)


def native_4k_each(i: int) -> None:
    native.malloc(4096)


def native_4k_each_1000th(i: int) -> None:
    if i % 1000 == 0:
        native.malloc(4096)


def mapped_4k_each(i: int) -> None:
    native.map_pages(4096)


def python_16_each(i: int) -> None:
    KEPT.append(b"%d" % (10**15 + i))


def python_1k_each(i: int) -> None:
    KEPT.append(bytes(1024))


def python_4k_each_997th(i: int) -> None:
    if i % 997 == 0:
        KEPT.append(bytes(4096))


def python_dict_each(i: int) -> None:
    KEPT.append({"id": i})


def python_closure_each(i: int) -> None:
    KEPT.append(lambda: i)


def incref_of_fresh(i: int) -> None:
    native.incref([i])


def incref_of_shared(i: int) -> None:
    native.incref(SHARED)


def descriptor_each(i: int) -> None:
    os.open(os.devnull, os.O_RDONLY)


LEAKING = [
    native_64_each, native_64_each_10th, native_64_each_100th, native_64_each_1000th, native_4k_each,
    native_4k_each_1000th, mapped_4k_each, python_16_each, python_1k_each, python_4k_each_997th, python_dict_each,
    python_closure_each, incref_of_fresh, incref_of_shared, descriptor_each,
]  # fmt: skip


def nothing(i: int) -> None:
    pass


@functools.lru_cache(maxsize=1024)
def _small(key: int) -> bytes:
    return bytes(100)


@functools.lru_cache(maxsize=4000)
def _large(key: int) -> bytes:
    return bytes(100)


def cache_of_1024(i: int) -> None:
    _small(i)


def cache_of_4000(i: int) -> None:
    _large(i)


def pattern_cache(i: int) -> None:
    re.compile(f"x{{{1 + i % 3000}}}")


_RECENT: collections.deque[bytes] = collections.deque(maxlen=3000)


def recent_3000(i: int) -> None:
    _RECENT.append(bytes(64))


_BUFFER = bytearray()


def buffer_reused(i: int) -> None:
    del _BUFFER[:]
    _BUFFER.extend(bytes(4096))


_RING: list[Any] = [None] * 1000


def ring(i: int) -> None:
    _RING[i % 1000] = bytes(i % 700)


_ONCE: dict[str, Any] = {}


def descriptor_once(i: int) -> None:
    if "file" not in _ONCE:
        _ONCE["file"] = os.open(os.devnull, os.O_RDONLY)


def thread_once(i: int) -> None:
    if "thread" not in _ONCE:
        _ONCE["thread"] = threading.Thread(target=threading.Event().wait, daemon=True)
        _ONCE["thread"].start()


_LOG: list[str] = []


def log_flushed(i: int) -> None:
    _LOG.append(f"line {i}")
    if len(_LOG) == 2000:
        _LOG.clear()


def asyncio_run(i: int) -> None:
    asyncio.run(asyncio.sleep(0))


class _Node:
    def __init__(self) -> None:
        self.me = self


class _Finalised(_Node):
    def __del__(self) -> None:
        pass


def cycle(i: int) -> None:
    _Node()


def cycle_with_finaliser(i: int) -> None:
    _Finalised()


def strptime(i: int) -> None:
    time.strptime("2024-01-01", "%Y-%m-%d")


def thread_joined(i: int) -> None:
    thread = threading.Thread(target=nothing, args=(i,))
    thread.start()
    thread.join()


def malloc_and_free(i: int) -> None:
    native.free(native.malloc(1 + i % 5000))


def lists_and_dicts(i: int) -> None:
    [{"n": n} for n in range(i % 40)]


def descriptor_closed(i: int) -> None:
    os.close(os.open(os.devnull, os.O_RDONLY))


CLEAN = [
    nothing, cache_of_1024, cache_of_4000, pattern_cache, recent_3000, buffer_reused, ring, descriptor_once,
    thread_once, log_flushed, asyncio_run, cycle, cycle_with_finaliser, strptime, thread_joined, malloc_and_free,
    lists_and_dicts, descriptor_closed,
]  # fmt: skip
