"""Tasks and threads that can never wake are found, and no others: those of `stuck_programs` and `stuck_threads`."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

import pytest
from looking import heap_of
from stuck_programs import CLOSED, FORWARD, TASKS
from stuck_threads import THREADS

from outlive.heap import Heap
from outlive.heap.blocked_threads import blocked_threads
from outlive.heap.stuck import stuck
from outlive.heap.waiting import sleeping_tasks
from outlive.model.leftovers import Stuck, StuckGrade

FROM_311 = {
    "stuck_in_a_task_group", "stuck_grouped", "fine_under_a_timeout", "fine_gathering_under_a_timeout",
    "fine_leg_under_a_timeout", "fine_group_under_a_timeout", "fine_grouped_under_a_timeout",
    "fine_in_a_group_with_one_that_sleeps",
}  # fmt: skip
NOT_IN_PYTHON = {"stuck_eagerly"} | set(re.findall(r"async def (fine_\w+_anyio)\b", TASKS))
HELD = {"stuck_and_in_a_global_set", "stuck_and_in_a_weak_set", "stuck_in_an_object_whose_heart_beats"}
# Not asleep when the snapshot is taken: about to run.
READY = {"fine_ready_again"}


def scenarios(program: str, prefix: str, without: Collection[str] = ()) -> list[str]:
    found = dict.fromkeys(re.findall(rf"(?:def |name=\"){prefix}_(\w+)", program))
    old = sys.version_info < (3, 11)
    gone = {*without} | (FROM_311 if old else set()) | ({"stuck_eagerly"} if sys.version_info < (3, 12) else set())
    return [name for name in found if f"{prefix}_{name}" not in gone]


class Seen:
    """A program's heap, what is called stuck in it by scenario, and what was judged."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.stuck = {self.scenario(one.name): one for one in stuck(heap)}
        bodies = [body for one in (*sleeping_tasks(heap), *blocked_threads(heap)) for body in one.bodies]
        names = {heap.text(heap.attribute(one.node, "_name")) or "" for one in blocked_threads(heap)}
        self.judged = names | {heap.naming.function_name(body).rpartition(".")[2] for body in bodies}

    @staticmethod
    def scenario(name: str) -> str:
        return name.rpartition("(")[2].removesuffix(")").rpartition(".")[2]

    def line(self, name: str) -> Stuck:
        return self.stuck[name]


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(heap_of(TASKS, tmp_path_factory.mktemp("tasks")))


@pytest.fixture(scope="module")
def tasks_of_python(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The same where asyncio has none of its C code."""
    program = TASKS.replace("PYTHON = False", "PYTHON = True")
    return Seen(heap_of(program, tmp_path_factory.mktemp("python")))


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(heap_of(THREADS, tmp_path_factory.mktemp("threads")))


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(heap_of(CLOSED, tmp_path_factory.mktemp("loops")))


@pytest.mark.parametrize("name", scenarios(TASKS, "stuck"))
def test_task_that_can_never_wake_is_found(tasks: Seen, name: str) -> None:
    assert f"stuck_{name}" in tasks.stuck


@pytest.mark.parametrize("name", scenarios(TASKS, "fine", READY))
def test_task_that_may_wake_is_judged_and_left_alone(tasks: Seen, name: str) -> None:
    assert f"fine_{name}" in tasks.judged
    assert f"fine_{name}" not in tasks.stuck


def test_nothing_else_is_called_stuck(tasks: Seen, tasks_of_python: Seen, threads: Seen, loops: Seen) -> None:
    for seen in (tasks, tasks_of_python, threads, loops):
        assert [name for name in seen.stuck if not name.startswith("stuck_")] == []


@pytest.mark.parametrize("name", scenarios(TASKS, "stuck", NOT_IN_PYTHON))
def test_task_without_c_code_that_can_never_wake_is_found(tasks_of_python: Seen, name: str) -> None:
    assert f"stuck_{name}" in tasks_of_python.stuck


@pytest.mark.parametrize("name", scenarios(TASKS, "fine", NOT_IN_PYTHON | READY))
def test_task_without_c_code_that_may_wake_is_left_alone(tasks_of_python: Seen, name: str) -> None:
    assert f"fine_{name}" in tasks_of_python.judged
    assert f"fine_{name}" not in tasks_of_python.stuck


@pytest.mark.parametrize("name", scenarios(TASKS, "stuck"))
def test_who_is_held_could_be_cancelled_and_nobody_else(tasks: Seen, name: str) -> None:
    held = f"stuck_{name}" in HELD or name == "other_leg"  # the gather that still waits for its other leg has it
    assert (tasks.line(f"stuck_{name}").grade is StuckGrade.NEVER_WAKES) == held


@pytest.mark.parametrize("name", scenarios(THREADS, "stuck"))
def test_thread_that_can_never_wake_is_found(threads: Seen, name: str) -> None:
    assert threads.line(f"stuck_{name}").kind == "thread"


# What waits in C code cannot be told from a call that takes long.
UNKNOWN = {"fine_on_a_simple_queue", "fine_asleep_with_a_lock", "fine_with_a_timeout", "fine_that_owns_nothing",
           "fine_and_joined", "fine_joining_not_too_long", "fine_that_has_an_event"}  # fmt: skip


@pytest.mark.parametrize("name", scenarios(THREADS, "fine"))
def test_thread_that_may_wake_is_left_alone_and_judged_where_it_can_be(threads: Seen, name: str) -> None:
    assert f"fine_{name}" not in threads.stuck
    assert (f"fine_{name}" in threads.judged) == (f"fine_{name}" not in UNKNOWN)


def test_thread_is_never_cancellable(threads: Seen) -> None:
    assert {one.grade for one in threads.stuck.values()} == {StuckGrade.NOT_CANCELLABLE}


def test_tasks_of_a_closed_loop_never_wake_whoever_holds_their_futures(loops: Seen) -> None:
    for name in ("stuck_on_a_closed_loop", "stuck_before_its_first_turn"):
        assert loops.line(name).grade is StuckGrade.NOT_CANCELLABLE
        assert "its event loop is closed" in loops.line(name).proof[1]


def test_loop_that_stands_still_is_judged_by_who_can_come_to_it(loops: Seen) -> None:
    assert "stuck_on_a_loop_that_stands_still" in loops.stuck
    assert "fine_on_a_loop_that_stands_still" in loops.judged
    assert "fine_on_a_loop_that_stands_still" not in loops.stuck


@pytest.mark.parametrize("name", ["fine_until_it_is_interrupted", "fine_as_the_main_task_of_a_daemon"])
def test_main_task_waits_for_an_interrupt_by_design(loops: Seen, name: str) -> None:
    assert name in loops.judged
    assert name not in loops.stuck


def test_main_task_of_an_interrupted_loop_was_not_left_asleep(loops: Seen) -> None:
    assert "fine_whose_loop_was_interrupted" in loops.judged
    assert "fine_whose_loop_was_interrupted" not in loops.stuck
    assert "stuck_beside_the_interrupted" in loops.stuck


def test_main_task_of_a_thread_that_no_interrupt_ends_is_stuck(loops: Seen) -> None:
    main = loops.line("stuck_as_the_main_task")

    assert main.grade is StuckGrade.NEVER_WAKES
    assert "the event loop of its thread runs until this task ends" in main.proof[-1]


def test_words_say_where_it_waits_and_for_what(tasks: Seen, threads: Seen) -> None:
    deep, queue = tasks.line("stuck_deep_inside"), tasks.line("stuck_on_a_queue_of_its_own")
    thread = threads.line("stuck_on_a_queue_of_its_own")
    line = 1 + [*TASKS.splitlines()].index("async def stuck_on_a_queue_of_its_own():") + 2  # `look` is put before

    assert deep.waits_for == "asyncio.Future"
    assert deep.proof[0].startswith("waits in __main__.lost (app.py:")
    assert deep.proof[1] == "only this task holds what it waits for"
    assert queue.waits_for == "asyncio.Queue.get"
    assert queue.where.endswith(f"app.py:{line + 1}")
    assert "asyncio.queues.Queue" in queue.proof[1]
    assert thread.waits_for == "queue.Queue.get"
    assert thread.name == "stuck_on_a_queue_of_its_own"


@pytest.mark.parametrize(
    ("name", "waits_for"),
    [
        ("on_an_event_of_its_own", "asyncio.Event.wait"),
        ("on_a_semaphore_of_its_own", "asyncio.Semaphore"),
        ("on_a_lock_that_it_has", "asyncio.Lock.acquire"),
        ("on_a_condition_of_its_own", "asyncio.Condition.wait"),
        ("in_asyncio_wait", "asyncio.wait"),
        ("gathering", "asyncio.gather"),
        ("on_a_stream_of_its_own", "asyncio.StreamReader.read"),
        ("on_a_future_of_an_own_class", "__main__.OwnFuture"),
    ],
)
def test_what_is_waited_for_is_called_as_in_the_program(tasks: Seen, name: str, waits_for: str) -> None:
    assert tasks.line(f"stuck_{name}").waits_for == waits_for


def test_task_that_waits_for_a_stuck_one_names_it(tasks: Seen) -> None:
    assert "stuck_child" in tasks.line("stuck_on_a_task_that_is").waits_for
    assert "stuck_child" in tasks.line("stuck_on_a_task_that_is").proof[1]


def test_program_without_tasks_has_nothing_stuck(tmp_path: Path) -> None:
    assert stuck(heap_of("import asyncio\n", tmp_path)) == ()


# ---- what a task holds -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forward(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(FORWARD, tmp_path_factory.mktemp("forward"))


@pytest.mark.parametrize("kind", ["Result", "Error", "CallbackOfOne", "CallbackOfMany", "InContext"])
def test_what_a_task_holds_is_seen_from_the_task_and_from_what_it_holds(forward: Heap, kind: str) -> None:
    """`gc.get_referrers` of CPython before 3.12 leaves tasks out."""
    held = forward.nodes_of_type(f"__main__.{kind}").tolist()
    tasks = set(forward.nodes_of_type("_asyncio.Task").tolist())

    assert len(held) == 1
    around, steps = {int(held[0])}, 0
    while not around & tasks and steps < 8:  # through the list of callbacks, the context's tables, bound methods
        around = {reference.source for node in around for reference in forward.referrers(node)}
        steps += 1
    assert around & tasks


def test_coroutine_of_a_task_is_held_by_it(forward: Heap) -> None:
    (coroutine,) = [
        one for one in forward.nodes_of_type("coroutine").tolist() if "waiting" in forward.naming.function_name(one)
    ]
    (holder,) = {reference.source for reference in forward.referrers(coroutine)} & set(
        forward.nodes_of_type("_asyncio.Task").tolist()
    )

    assert forward.label(holder, forward.rows.positions(holder, coroutine)[0]).text == "._coro"
