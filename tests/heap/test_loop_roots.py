"""What asyncio's running frames hold is called what it is: the event loop, the main task, the main coroutine."""

from __future__ import annotations

import pytest
from looking import heap_of, the

from outlive.heap import Heap

PROGRAM = """
import asyncio, os, threading

class OnTimer:
    def ring(self): pass
class OfWorker(OnTimer): pass
class InMain: pass
class InTask: pass
class InFunction: pass

begun = threading.Event()

async def in_worker():
    loop = asyncio.get_running_loop()
    loop.call_later(60, OfWorker().ring)
    loop.call_soon(begun.set)
    await asyncio.sleep(60)

async def sleeps(held):
    await asyncio.sleep(60)

def finish():
    in_function = InFunction()
    look()
    os._exit(0)

async def main():
    held = InMain()
    loop = asyncio.get_running_loop()
    loop.call_later(60, OnTimer().ring)
    loop.create_task(sleeps(InTask()))
    begun.wait()
    loop.call_later(0.001, finish)
    await asyncio.sleep(60)

threading.Thread(target=lambda: asyncio.run(in_worker()), name="worker", daemon=True).start()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("loops"))


def expression(heap: Heap, name: str) -> str:
    path = heap.path(the(heap, name))
    assert path is not None
    return path.expression


def test_timer_is_held_by_the_event_loop(heap: Heap) -> None:
    assert expression(heap, "OnTimer").startswith("the event loop._scheduled[")


def test_loop_of_another_thread_says_of_which(heap: Heap) -> None:
    assert expression(heap, "OfWorker").startswith("the event loop of thread 'worker'._scheduled[")


def test_variable_of_the_main_coroutine_begins_at_the_main_coroutine_or_task(heap: Heap) -> None:
    assert expression(heap, "InMain").startswith("the main ")
    assert expression(heap, "InMain").endswith("<local variable held>")


def test_sleeping_task_is_held_by_the_loops_timers(heap: Heap) -> None:
    assert expression(heap, "InTask").startswith("the event loop._scheduled[")


def test_variable_of_a_running_function_names_thread_and_function(heap: Heap) -> None:
    assert expression(heap, "InFunction").startswith("the main thread in __main__.finish (app.py:")
