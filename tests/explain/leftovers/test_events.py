"""Events that were noticed when they happened: each is told, and accuses only where something is left."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, accused, run

from outlive.model.contracts import Condition, Resource
from outlive.model.leftovers import Answer, Leftover
from outlive.model.look import Event

pytestmark = pytest.mark.slow
FILE = Resource("_io.TextIOWrapper", "file", "close()", "", (Condition(state="closed"),))
PROGRAM = """
import asyncio, os
from noting import look

class Half:
    def __enter__(self):
        self.file = open(os.devnull)
        raise ValueError("no answer")
    def __exit__(self, *_): pass

class Whole(Half):
    def __enter__(self):
        with open(os.devnull):
            raise ValueError("no answer")

kept = [Half(), Whole()]
for thing in kept:
    try:
        with thing: pass
    except ValueError:
        pass
async def swallow():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass
async def main():
    task = asyncio.get_running_loop().create_task(swallow())
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0.001)
    said = [
        dict(kind="enter-raised", at=1, what="Half.__enter__", detail="ValueError", type="__main__.Half",
             address=id(kept[0])),
        dict(kind="enter-raised", at=2, what="Whole.__enter__", detail="ValueError", type="__main__.Whole",
             address=id(kept[1])),
        dict(kind="never-awaited", at=3, what="app.hello", site=(__file__, 3, "<module>")),
        dict(kind="never-awaited", at=4, what="app.hello", site=(__file__, 3, "<module>")),
        dict(kind="task-lost", at=5, what="app.lost"),
        dict(kind="swallowed-cancellation", at=6, what="app.ended"),
        dict(kind="swallowed-cancellation", at=7, what="swallow", type="_asyncio.Task", address=id(task)),
        dict(kind="something-new", at=8, what="?"),
    ]
    look("now", events=said)
    os._exit(0)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("events"))["now"]


@pytest.fixture(scope="module")
def found(seen: Seen) -> tuple[Leftover, ...]:
    return seen.leftovers(FILE)


def test_what_a_failed_enter_had_acquired_is_accused(found: tuple[Leftover, ...]) -> None:
    one = about(found, "Entering Half raised after it had acquired 1 file")
    assert (one.problem, one.answer, one.harmless) == ("enter-raised", Answer.HELD, False)
    assert "ValueError" in one.evidence


def test_failed_enter_that_released_everything_is_harmless(found: tuple[Leftover, ...]) -> None:
    one = about(found, "`Whole.__enter__` raised")
    assert one.harmless
    assert "nothing that it left open was found" in one.sentence


def test_coroutines_never_awaited_count_by_their_line(found: tuple[Leftover, ...]) -> None:
    assert about(found, "2 coroutines `app.hello`").problem == "never-awaited"


def test_lost_task_is_no_leak(found: tuple[Leftover, ...]) -> None:
    one = about(found, "lost before it was done")
    assert one.answer is Answer.CYCLE
    assert not accused([one])


def test_swallowed_cancellation_of_a_task_that_lives_is_accused(found: tuple[Leftover, ...]) -> None:
    assert accused([about(found, "`swallow`")])


def test_swallowed_cancellation_of_a_task_that_has_ended_is_harmless(found: tuple[Leftover, ...]) -> None:
    assert about(found, "`app.ended`").harmless


def test_event_of_a_kind_that_is_not_known_is_left_out(found: tuple[Leftover, ...]) -> None:
    assert all("something-new" not in one.problem for one in found)


def test_event_at_an_address_that_is_another_objects_now_names_no_object(seen: Seen) -> None:
    address = next(event.address for event in seen.look.events if event.type == "__main__.Half")
    event = Event("swallowed-cancellation", 1.0, "app.gone", type="_asyncio.Task", address=address)
    assert about(seen.leftovers(events=(event,)), "`app.gone`").answer is Answer.CYCLE
