"""What only passes is told apart from what stays: running callbacks, the ready queue, cancellations not yet heard."""

from __future__ import annotations

import sys

import pytest
from seen_programs import Seen, about, accused, no_word_of, run

from outlive.model.leftovers import Answer

pytestmark = pytest.mark.slow
PROGRAM = """
import asyncio, gc
from noting import ends, look
gc.disable()

class Thing:
    def close(self): ends(self, "session closed")
    async def go_on(self):
        while True: await asyncio.sleep(1000)

class Gathered(Thing):
    async def on_connected(self):
        def see(): return self
        await asyncio.sleep(1000)
    async def bye(self):
        task = asyncio.get_running_loop().create_task(self.on_connected())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.close()

async def gathered():
    thing = Gathered()
    await thing.bye()
    del thing
    look("gathered")
    await asyncio.sleep(0)
    look("turned")

class NotTurned(Thing): pass
class Woken(Thing):
    async def go_on(self):
        while True: await asyncio.sleep(0)
class Swallows(Thing):
    async def go_on(self):
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                pass

async def cancelled():
    loop = asyncio.get_running_loop()
    one, two, three = NotTurned(), Swallows(), Woken()
    tasks = [loop.create_task(thing.go_on()) for thing in (one, two, three)]
    await asyncio.sleep(0.001)
    tasks[1].cancel()
    await asyncio.sleep(0.001)
    tasks[0].cancel()
    for thing in (one, two, three): thing.close()
    del one, two, three, thing, tasks
    look("cancelled")
    asyncio.all_tasks(loop) and [task.cancel() for task in asyncio.all_tasks(loop) if "Woken" in repr(task)]

class Awoken(Thing):
    async def go_on(self, future):
        await future
        await asyncio.sleep(1000)

async def awoken():
    loop = asyncio.get_running_loop()
    thing, future = Awoken(), loop.create_future()
    task = loop.create_task(thing.go_on(future))
    await asyncio.sleep(0)
    future.set_result(None)
    thing.close()
    del thing
    look("awoken")
    await asyncio.sleep(0)
    look("went on")
    task.cancel()

class Handled(Thing):
    def watch(self, before):
        def handle(loop, context):
            self.close
            if before: before(loop, context)
        return handle

async def handler():
    loop = asyncio.get_running_loop()
    for _ in range(5):
        thing = Handled(); loop.set_exception_handler(thing.watch(loop.get_exception_handler())); thing.close()
    del thing
    look("handler")

class Handling(Thing): pass

def fail(thing):
    raise ValueError

def handling():
    thing = Handling(); thing.close()
    try:
        fail(thing)
    except ValueError as error:
        del thing
        look("handling")

class InServer(Thing): pass
class Server:
    def __init__(self): self.sessions = []

def serving():
    server = Server()
    server.sessions.append(InServer()); server.sessions[0].close()
    look("serving")

for run in (gathered, cancelled, awoken, handler):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(run())
handling()
serving()
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return run(PROGRAM, tmp_path_factory.mktemp("flight"))


def test_argument_of_the_running_callback_is_in_flight(looks: dict[str, Seen]) -> None:
    """The object hangs on a finished gather() whose result is being delivered just now."""
    assert about(looks["gathered"].leftovers(), "Gathered closed").answer is Answer.IN_FLIGHT


def test_after_one_turn_there_is_nothing_to_tell(looks: dict[str, Seen]) -> None:
    assert no_word_of(looks["turned"].leftovers(), "Gathered")


def test_cancelled_task_whose_loop_has_not_turned_is_in_flight(looks: dict[str, Seen]) -> None:
    one = about(looks["cancelled"].leftovers(), "NotTurned closed")
    assert (one.answer, one.harmless) == (Answer.IN_FLIGHT, True)


def test_task_in_the_ready_queue_that_nobody_cancelled_holds_in_earnest(looks: dict[str, Seen]) -> None:
    one = about(looks["cancelled"].leftovers(), "Woken closed")
    assert (one.answer, one.problem) == (Answer.HELD, "task-goes-on")
    assert "the loop's ready queue" in one.sentence


def test_task_whose_future_has_just_come_holds_what_it_holds_in_flight(looks: dict[str, Seen]) -> None:
    assert about(looks["awoken"].leftovers(), "Awoken closed").answer is Answer.IN_FLIGHT


def test_task_that_went_on_after_its_future_had_come_holds_in_earnest(looks: dict[str, Seen]) -> None:
    assert about(looks["went on"].leftovers(), "Awoken closed").problem == "task-goes-on"


def test_task_that_swallowed_its_cancellation_holds_in_earnest(looks: dict[str, Seen]) -> None:
    """3.10 forgets that it was asked, once the awaited future was told."""
    one = about(looks["cancelled"].leftovers(), "Swallows closed")
    expected = "swallowed-cancellation" if sys.version_info >= (3, 11) else "task-goes-on"
    assert (one.answer, one.problem) == (Answer.HELD, expected)


def test_chain_of_closures_is_one_mistake_of_the_loops_exception_handler(looks: dict[str, Seen]) -> None:
    one = about(looks["handler"].leftovers(), "Handled closed")
    assert one.count == 5
    assert "the loop's exception handler" in one.sentence
    assert accused([one])


def test_exception_that_is_being_handled_is_passing(looks: dict[str, Seen]) -> None:
    assert about(looks["handling"].leftovers(), "Handling closed").answer is Answer.IN_FLIGHT


def test_what_a_running_function_holds_further_off_is_held_in_earnest(looks: dict[str, Seen]) -> None:
    """The server lives in a local variable, as servers do; the session that it keeps is its mistake."""
    one = about(looks["serving"].leftovers(), "InServer closed")
    assert one.answer is Answer.HELD
    assert accused([one])
    assert ".sessions" in one.sentence
