"""When a loop ends: tasks, timers and generators that nobody ended; what runs for the program's sake is left out."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, accused, no_word_of, run

from outlive.model.leftovers import Answer, Leftover

pytestmark = pytest.mark.slow
PROGRAM = """
import asyncio, contextlib, textwrap
from noting import look

async def fetch(): await asyncio.sleep(1000)
async def never(): pass
async def rows(value):
    try:
        yield 1
        yield value
    finally:
        pass
@contextlib.asynccontextmanager
async def connection():
    yield 1
async def consume():
    async for row in rows("consumed"):
        await asyncio.sleep(1000)
async def inside():
    async with connection():
        await asyncio.sleep(1000)
class Session:
    def on_time(self): pass
class Listener:
    def on_tick(self): pass
kept = []

async def left_by_main():
    loop = asyncio.get_running_loop()
    kept.append(loop.create_task(fetch()))
    kept.append(loop.create_task(fetch()))
    kept.append(loop.create_task(consume()))
    kept.append(loop.create_task(inside()))
    generator = rows("left"); await generator.__anext__(); kept.append(generator)
    kept.append(never())
    loop.call_later(100, Session().on_time)
    loop.call_later(100, gc_nothing)
    loop.call_later(100, Session().on_time).cancel()
    loop.call_later(100, textwrap.dedent, "its own")
    loop.call_later(100, textwrap.indent, gc_nothing)
    done = loop.create_task(asyncio.sleep(0)); await done; kept.append(done)
    asked = loop.create_task(fetch(), name="asked"); await asyncio.sleep(0.001); kept.append(asked)

def gc_nothing(): pass

def end(name, main):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(main)
    except asyncio.CancelledError:
        pass
    for thing in kept:
        if isinstance(thing, asyncio.Task) and thing.get_name() == "asked": thing.cancel()
    thing = None
    look(name, "loop-ends")
    for thing in kept:
        if asyncio.iscoroutine(thing): thing.close()
    for task in asyncio.all_tasks(loop): task.cancel()
    loop.run_until_complete(asyncio.sleep(0.001))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    kept.clear()

async def all_ended():
    loop = asyncio.get_running_loop()
    task = loop.create_task(fetch())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async for row in rows("ended"): pass
    await never()

end("left", left_by_main())
end("ended", all_ended())
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return run(PROGRAM, tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def found(looks: dict[str, Seen]) -> tuple[Leftover, ...]:
    return looks["left"].leftovers()


def test_tasks_of_one_coroutine_are_one_mistake_with_their_place(found: tuple[Leftover, ...]) -> None:
    one = next(one for one in found if one.problem == "pending-at-end" and "fetch" in one.sentence)
    assert one.count == 2
    assert one.sentence.startswith("2 tasks `fetch`, all made at app.py:")
    assert one.lifetime == "the event loop"


def test_task_that_was_asked_to_cancel_is_told_apart(found: tuple[Leftover, ...]) -> None:
    one = next(one for one in found if one.problem == "cancel-not-run")
    assert one.harmless
    assert "the loop has not turned" in one.sentence


def test_generator_that_a_task_iterates_is_the_tasks_own_business(found: tuple[Leftover, ...]) -> None:
    rows = [one for one in found if one.problem == "generator-not-closed"]
    assert [one.count for one in rows] == [1]


def test_coroutine_that_nobody_awaits_is_told_and_those_of_tasks_are_not(found: tuple[Leftover, ...]) -> None:
    rows = [one for one in found if one.problem == "never-awaited"]
    assert [(one.count, "never" in one.sentence) for one in rows] == [(1, True)]


def test_timer_of_a_bound_method_is_left_and_a_cancelled_one_is_not(found: tuple[Leftover, ...]) -> None:
    one = about(found, "Session.on_time")
    assert (one.count, one.harmless, one.answer) == (1, False, Answer.HELD)


def test_timer_that_keeps_nothing_is_harmless(found: tuple[Leftover, ...]) -> None:
    assert about(found, "gc_nothing").harmless


def test_timer_that_is_no_business_of_yours_is_harmless_unless_it_calls_your_code(found: tuple[Leftover, ...]) -> None:
    assert about(found, "textwrap.dedent").harmless
    assert not about(found, "textwrap.indent").harmless


def test_sleep_of_a_task_is_no_timer_of_its_own(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "_set_result_unless_cancelled")


def test_loop_whose_tasks_were_ended_says_nothing(looks: dict[str, Seen]) -> None:
    assert looks["ended"].leftovers() == ()


def test_while_the_loop_goes_on_nothing_is_left_over(looks: dict[str, Seen]) -> None:
    assert looks["left"].leftovers(reason="asked") == ()


def test_every_accusation_says_where_it_was_made(found: tuple[Leftover, ...]) -> None:
    assert all(one.made_at is not None for one in accused(found))
