"""Functions that leak. Every counter's class is here, from 64 bytes every thousandth call to 4 KB at every call.

A function is one step; `LEAKS` lists them all. State is the module's, for each check runs in a fresh process.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

from benches.verdict import native
from benches.verdict.chance import R

KEPT: list[Any] = []
TABLE: dict[int, Any] = {}
BUSY: list[Any] = []


class Session:
    def __init__(self, number: int) -> None:
        self.number = number


def object_each_call(i: int) -> None:
    KEPT.append(Session(i))


def bytes_16_each_call(i: int) -> None:
    TABLE[i] = b"%016d" % i


def bytes_1k_each_call(i: int) -> None:
    KEPT.append(bytes(1024))


def bytes_4k_each_call(i: int) -> None:
    KEPT.append(bytes(4096))


def bytes_64_each_1000th(i: int) -> None:
    if i % 1000 == 0:
        KEPT.append(bytes(64))


def object_each_100th(i: int) -> None:
    if i % 100 == 0:
        KEPT.append(Session(i))


def object_one_in_100(i: int) -> None:
    if R.random() < 0.01:
        KEPT.append(Session(i))


def object_one_in_1000(i: int) -> None:
    if R.random() < 0.001:
        KEPT.append(Session(i))


def none_appended(i: int) -> None:
    KEPT.append(None)


def saw_tooth_and_leak(i: int) -> None:
    BUSY.append(Session(i))
    if len(BUSY) > 300:
        BUSY.clear()
    if i % 10 == 0:
        KEPT.append(Session(i))


def random_teeth_and_leak(i: int) -> None:
    BUSY.append(bytearray(R.randrange(2000)))
    if R.random() < 0.02:
        BUSY.clear()
    if i % 10 == 0:
        KEPT.append(bytearray(40))


def leak_from_the_400th(i: int) -> None:
    if i >= 400:
        KEPT.append([i])


class Report:
    @functools.cache  # noqa: B019 - the leak
    def render(self, page: int) -> str:
        return f"page {page}"


def method_cache_keeps_self(i: int) -> None:
    Report().render(i % 3)


HANDLERS: list[Callable[[], int]] = []


def subscriber_each_call(i: int) -> None:
    payload = ["x"] * 20
    HANDLERS.append(lambda: len(payload))


def suspended_generator_each_call(i: int) -> None:
    def stream() -> Iterator[int]:
        yield from range(i, i + 10)

    rows = stream()
    next(rows)
    KEPT.append(rows)


def traceback_each_10th(i: int) -> None:
    try:
        raise LookupError(i)
    except LookupError as error:
        if i % 10 == 0:
            KEPT.append(error)


def malloc_48_each_call(i: int) -> None:
    native.malloc(48)


def malloc_64_each_10th(i: int) -> None:
    if i % 10 == 0:
        native.malloc(64)


def malloc_64_each_1000th(i: int) -> None:
    if i % 1000 == 0:
        native.malloc(64)


def malloc_4k_each_call(i: int) -> None:
    native.malloc(4096)


def block_32_each_call(i: int) -> None:
    native.pymalloc(32)


def block_32_each_100th(i: int) -> None:
    if i % 100 == 0:
        native.pymalloc(32)


def reference_to_shared_each_call(i: int) -> None:
    native.incref(KEPT)


def reference_to_fresh_each_call(i: int) -> None:
    native.incref(f"request {i}")


def pages_each_call(i: int) -> None:
    native.map_pages(4096)


def pipe_each_call(i: int) -> None:
    os.pipe()


def socket_each_10th(i: int) -> None:
    if i % 10 == 0:
        KEPT.append(socket.socket())


def thread_each_call(i: int) -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def zombie_each_call(i: int) -> None:
    KEPT.append(subprocess.Popen(["/bin/true"]))


def temp_file_each_call(i: int) -> None:
    number, _ = tempfile.mkstemp()
    os.close(number)


async def task_each_call(i: int) -> None:
    KEPT.append(asyncio.ensure_future(asyncio.Event().wait()))
    await asyncio.sleep(0)


async def timer_each_call(i: int) -> None:
    asyncio.get_running_loop().call_later(3600, print, i)
    await asyncio.sleep(0)


async def future_each_10th(i: int) -> None:
    if i % 10 == 0:
        KEPT.append(asyncio.get_running_loop().create_future())
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.sleep(0), 1)


def counter_iterators_in_a_dict(i: int) -> None:
    TABLE[id(TABLE) + i] = itertools.count(i)


LEAKS = [
    object_each_call, bytes_16_each_call, bytes_1k_each_call, bytes_4k_each_call, bytes_64_each_1000th,
    object_each_100th, object_one_in_100, object_one_in_1000, none_appended, saw_tooth_and_leak,
    random_teeth_and_leak, leak_from_the_400th, method_cache_keeps_self, subscriber_each_call,
    suspended_generator_each_call, traceback_each_10th, malloc_48_each_call, malloc_64_each_10th,
    malloc_64_each_1000th, malloc_4k_each_call, block_32_each_call, block_32_each_100th,
    reference_to_shared_each_call, reference_to_fresh_each_call, pages_each_call, pipe_each_call, socket_each_10th,
    thread_each_call, zombie_each_call, temp_file_each_call, task_each_call, timer_each_call, future_each_10th,
    counter_iterators_in_a_dict,
]  # fmt: skip
