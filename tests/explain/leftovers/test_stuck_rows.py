"""Tasks and threads that were proved never to wake: one leftover a mistake, with its proof."""

from __future__ import annotations

from dataclasses import replace

import pytest
from seen_programs import Seen, about, accused, run

from outlive.explain.leftovers.scene import TASKS
from outlive.heap.heap import Heap
from outlive.model.leftovers import Stuck, StuckGrade

pytestmark = pytest.mark.slow
PROGRAM = """
import asyncio, queue, threading
from concurrent.futures import ThreadPoolExecutor
from noting import ends, look

class Session:
    async def wait(self): await asyncio.Future()
    def close(self): ends(self, "session closed")
async def forgotten(): await asyncio.Future()
def work():
    while True: items.get()
items = queue.Queue()
threading.Thread(target=work, daemon=True, name="getter").start()
executor = ThreadPoolExecutor(1); executor.submit(int).result()
kept = []

async def main():
    loop = asyncio.get_running_loop()
    kept.extend(loop.create_task(forgotten()) for _ in range(2))
    session = Session()
    kept.append(loop.create_task(session.wait()))
    session.close()
    del session
    await asyncio.sleep(0.001)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
look("end", "loop-ends")
for task in kept: task.cancel()
loop.run_until_complete(asyncio.sleep(0.001))
loop.close(); executor.shutdown()
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("stuck"))["end"]


def waiting(heap: Heap) -> list[int]:
    types = [row.name for row in heap.snapshot.types.values() if row.name in TASKS]
    nodes = [node for name in types for node in heap.nodes_of_type(name).tolist()]
    return [node for node in nodes if (state := heap.state(node)) is not None and state.name == "PENDING"]


def rows(heap: Heap, grade: StuckGrade = StuckGrade.NEVER_WAKES) -> list[Stuck]:
    proof = ("nothing that runs refers to the Future",)
    return [Stuck(node, "task", grade, "forgotten", "asyncio.Future", "app.py:8", proof) for node in waiting(heap)]


def test_stuck_tasks_are_one_mistake_with_their_proof(seen: Seen) -> None:
    one = about(seen.leftovers(stuck=rows(seen.heap)), "2 tasks `forgotten`")
    assert (one.count, one.problem, one.stuck) == (2, "stuck", StuckGrade.NEVER_WAKES)
    assert "nothing that runs refers to the Future" in one.evidence
    assert "wait for asyncio.Future at app.py:8, and nothing that runs can wake them" in one.sentence


def test_tasks_that_only_their_numbers_part_are_one_mistake(seen: Seen) -> None:
    told = [replace(one, name=f"Task-{number} (__main__.forgotten)") for number, one in enumerate(rows(seen.heap))]
    one = about(seen.leftovers(stuck=told), "2 tasks `__main__.forgotten`, all made at app.py:")
    assert one.count == 2
    assert all(example.startswith("Task-") for example in one.examples)


def test_tasks_of_functions_with_numbers_are_mistakes_of_their_own(seen: Seen) -> None:
    told = [replace(one, name=f"Task-2 (__main__.forgotten_{number})") for number, one in enumerate(rows(seen.heap))]
    assert [one.count for one in seen.leftovers(stuck=told) if one.stuck is StuckGrade.NEVER_WAKES] == [1, 1, 1]


def test_stuck_task_is_not_told_as_pending_as_well(seen: Seen) -> None:
    found = seen.leftovers(stuck=rows(seen.heap))
    assert {one.problem for one in found if one.kind == "task"} == {"stuck"}
    assert sum(one.count for one in found if one.kind == "task") == 3


def test_unproved_tasks_are_pending(seen: Seen) -> None:
    found = seen.leftovers(stuck=rows(seen.heap, StuckGrade.NOT))
    assert not [one for one in found if one.problem == "stuck"]
    assert [one for one in found if one.problem == "pending-at-end"]


def test_stuck_task_that_keeps_an_ended_object_is_one_leftover(seen: Seen) -> None:
    found = seen.leftovers(stuck=rows(seen.heap))
    one = about(found, "; it keeps Session closed at app.py:8")
    assert one.stuck is StuckGrade.NEVER_WAKES
    assert accused([one])


def test_thread_that_waits_for_nobody_is_accused_and_a_worker_of_an_executor_is_not(seen: Seen) -> None:
    threads = [one for one in seen.heap.threads.all if one.thread_object and one.name != "MainThread"]
    told = [Stuck(one.thread_object, "thread", StuckGrade.NEVER_WAKES, one.name, "queue.Queue.get") for one in threads]
    assert len(told) == 2
    found = [one for one in seen.leftovers(stuck=told) if one.kind == "thread"]
    assert [(one.problem, one.examples) for one in found] == [("idle-thread", ("getter",))]
    assert accused(found)
