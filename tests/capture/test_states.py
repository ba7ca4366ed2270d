"""What C objects tell of their state without being asked: closed, done, released …"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import mmap
import os
import socket
import sqlite3
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outlive.capture.snapshot import NativeState, Snapshot, load, take


class Thing: ...


class OwnTask(asyncio.Task):  # type: ignore[type-arg]
    """Tasks of a subclass are in states, too."""


class RawNobodyKnows(io.RawIOBase):
    def readable(self) -> bool:
        return True


def numbers() -> Iterator[int]:
    yield 1
    yield 2


async def waiting(future: Any) -> None:
    await future


async def with_a_clean_up(asked: list[Any]) -> None:
    await asyncio.sleep(3600)


def files() -> dict[str, tuple[object, NativeState | None]]:
    def opened(mode: str, buffering: int = -1) -> Any:
        return open(os.devnull, mode, buffering=buffering)

    def closed(thing: Any) -> Any:
        thing.close()
        return thing

    (detached := opened("r")).detach().close()
    return {
        "raw file": (opened("rb", 0), NativeState.OPEN),
        "raw file, closed": (closed(opened("rb", 0)), NativeState.CLOSED),
        "buffered file": (opened("rb"), NativeState.OPEN),
        "buffered file, closed": (closed(opened("rb")), NativeState.CLOSED),
        "text file": (opened("r"), NativeState.OPEN),
        "text file, closed": (closed(opened("r")), NativeState.CLOSED),
        "text file, detached": (detached, NativeState.DETACHED),
        "buffer over something unknown": (io.BufferedReader(RawNobodyKnows()), None),
        "BytesIO": (io.BytesIO(b"x"), NativeState.OPEN),
        "BytesIO, closed": (closed(io.BytesIO(b"x")), NativeState.CLOSED),
        "StringIO": (io.StringIO("x"), NativeState.OPEN),
        "StringIO, closed": (closed(io.StringIO("x")), NativeState.CLOSED),
        "text over BytesIO, closed": (closed(io.TextIOWrapper(io.BytesIO(b"x"))), NativeState.CLOSED),
        "socket": (socket.socket(), NativeState.OPEN),
        "socket, closed": (closed(socket.socket()), NativeState.CLOSED),
        "mmap, closed": (closed(mmap.mmap(-1, 4096)), NativeState.CLOSED),
        "scandir, closed": (closed(os.scandir(".")), NativeState.CLOSED),
        "connection": (sqlite3.connect(":memory:"), NativeState.OPEN),
        "connection, closed": (closed(sqlite3.connect(":memory:")), NativeState.CLOSED),
        "cursor, closed": (closed(sqlite3.connect(":memory:").cursor()), NativeState.CLOSED),
    }


def code_that_waits() -> dict[str, tuple[object, NativeState | None]]:
    suspended, finished, iterated = numbers(), numbers(), iter([1])
    next(suspended)
    assert list(finished) == [1, 2]
    assert list(iterated) == [1]
    try:
        raise ValueError
    except ValueError as error:
        running = error.__traceback__.tb_frame  # type: ignore[union-attr]
    return {
        "generator, created": (numbers(), NativeState.CREATED),
        "generator, suspended": (suspended, NativeState.SUSPENDED),
        "generator, finished": (finished, NativeState.FINISHED),
        "coroutine, never awaited": (waiting(None), NativeState.CREATED),
        "frame that has returned": (running, NativeState.FINISHED),
        "iterator": (iter([1]), None),
        "iterator, exhausted": (iterated, NativeState.EXHAUSTED),
    }


def locks_and_views() -> dict[str, tuple[object, NativeState | None]]:
    taken, again = threading.Lock(), threading.RLock()
    taken.acquire()
    again.acquire()
    (released := memoryview(b"x")).release()
    living, dying = Thing(), Thing()
    alive, dead = weakref.ref(living), weakref.ref(dying)
    del dying
    gc.collect()
    variable: contextvars.ContextVar[Thing] = contextvars.ContextVar("variable")
    context = contextvars.Context()
    token = context.run(variable.set, living)
    context.run(variable.reset, token)
    KEPT.append(living)
    return {
        "lock": (threading.Lock(), NativeState.UNLOCKED),
        "lock, taken": (taken, NativeState.LOCKED),
        "RLock, taken": (again, NativeState.LOCKED),
        "memoryview": (memoryview(b"x"), NativeState.OPEN),
        "memoryview, released": (released, NativeState.RELEASED),
        "weak reference": (alive, NativeState.ALIVE),
        "weak reference, dead": (dead, NativeState.DEAD),
        "token, used": (token, NativeState.USED),
        "an ordinary object": (living, None),
    }


async def futures() -> dict[str, tuple[object, NativeState | None]]:
    loop = asyncio.get_running_loop()
    pending, done, cancelled = loop.create_future(), loop.create_future(), loop.create_future()
    done.set_result(1)
    cancelled.cancel()
    task = loop.create_task(waiting(pending))
    asked = loop.create_task(with_a_clean_up([]))
    own: OwnTask = OwnTask(waiting(done), loop=loop)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    KEPT.extend((loop, pending))
    take(KEPT_PATH[0] / "futures.outlive")  # while they are what they are
    result: dict[str, tuple[object, NativeState | None]] = {
        "future": (pending, NativeState.PENDING),
        "future, done": (done, NativeState.DONE),
        "future, cancelled": (cancelled, NativeState.CANCELLED),
        "task": (task, NativeState.PENDING),
        "task of a subclass, done": (own, NativeState.DONE),
        # 3.10 does not count requests: once its future was told, the task looks like any other
        "task asked to cancel": (
            asked,
            NativeState.CANCEL_REQUESTED if sys.version_info >= (3, 11) else NativeState.PENDING,
        ),
    }
    task.cancel()
    await asyncio.gather(task, asked, own, return_exceptions=True)
    return result


KEPT: list[object] = []
KEPT_PATH: list[Path] = []
CASES = {**files(), **code_that_waits(), **locks_and_views()}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    path = tmp_path_factory.mktemp("states") / "heap.outlive"
    assert take(path).fewer == 0
    yield load(path)
    CASES["RLock, taken"][0].release()  # type: ignore[attr-defined]
    for name, (holder, _) in CASES.items():
        if hasattr(holder, "close") and "detached" not in name:
            holder.close()


def node_of(snapshot: Snapshot, thing: object) -> int:
    (found,) = np.flatnonzero(snapshot.column("address") == np.uint64(id(thing)))
    return int(found)


def state_of(snapshot: Snapshot, thing: object) -> NativeState | None:
    return snapshot.states.get(node_of(snapshot, thing))


@pytest.mark.parametrize("name", list(CASES))
def test_the_state_is_read_right(snapshot: Snapshot, name: str) -> None:
    thing, expected = CASES[name]
    assert state_of(snapshot, thing) == expected


def test_futures_and_tasks_tell_whether_they_are_done(tmp_path: Path) -> None:
    KEPT_PATH.append(tmp_path)
    found = asyncio.run(futures())
    snapshot = load(tmp_path / "futures.outlive")
    assert {name: state_of(snapshot, thing) for name, (thing, _) in found.items()} == {
        name: state for name, (_, state) in found.items()
    }
    KEPT.clear()


def test_a_running_frame_tells_its_code_and_its_line(tmp_path: Path) -> None:
    code = sys._getframe().f_code
    line = sys._getframe().f_lineno + 1
    take(tmp_path / "heap.outlive")
    snapshot = load(tmp_path / "heap.outlive")
    number = node_of(snapshot, code)
    assert (number, line) in snapshot.frames.values()
    assert snapshot.first_lines[number] == code.co_firstlineno


def test_a_suspended_generator_tells_the_line_where_it_waits(snapshot: Snapshot) -> None:
    node = node_of(snapshot, CASES["generator, suspended"][0])
    assert snapshot.frames[node][1] == numbers.__code__.co_firstlineno + 1


@pytest.mark.parametrize("name", ["generator, finished", "an ordinary object"])
def test_what_does_not_run_has_no_line(snapshot: Snapshot, name: str) -> None:
    assert node_of(snapshot, CASES[name][0]) not in snapshot.frames


def test_singletons_files_and_thread_names_have_texts_and_other_values_none(tmp_path: Path) -> None:
    go, thread_name, secret = threading.Event(), "a thread called " + "so", "a value that is " + "private"
    thread = threading.Thread(target=go.wait, name=thread_name)
    thread.start()
    holder = [None, True, False, ..., secret]
    take(tmp_path / "heap.outlive")
    go.set()
    thread.join()
    snapshot = load(tmp_path / "heap.outlive")
    address = snapshot.column("address").tolist()
    assert [snapshot.texts.get(address.index(id(one))) for one in holder] == ["None", "True", "False", "Ellipsis", None]
    assert snapshot.texts[address.index(id(thread._name))] == thread_name  # type: ignore[attr-defined]
    assert snapshot.texts[address.index(id(os.__file__))] == os.__file__
