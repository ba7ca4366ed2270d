"""What a scope left: things that must end, and plain objects only where a collection of yours took them in."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, accused, no_word_of, run

from outlive.model.contracts import Condition, Resource
from outlive.model.leftovers import Answer, Category, Leftover

pytestmark = pytest.mark.slow
SOCKET = Resource("socket.socket", "socket", "close()", "", (Condition(state="closed"),))
PROGRAM = """
import asyncio, contextvars, functools, gc, socket, threading
from noting import in_scope, look
gc.disable()
class Row: pass
class Cached(Row): pass
class Local(Row): pass
class Given(Row): pass
class Memoised(Row): pass
class Dropped(Row): pass
journal, row_cache, kept = [], {}, []

@functools.lru_cache
def looked_up(number): return Memoised()

def request():
    in_scope(7)
    kept.append(socket.socket())
    given = Given(); given.socket = socket.socket()
    journal.append(Row())
    row_cache["one"] = Cached()
    looked_up(1)
    gone = Dropped(); gone.me = gone
    closed = socket.socket(); closed.close(); kept.append(closed)
    return given

async def poll(): await asyncio.sleep(1000)
async def handle():
    in_scope(8)
    kept.append(asyncio.get_running_loop().create_task(poll()))
async def main():
    await asyncio.gather(handle(), other())
    in_scope(0)
    scopes = [
        dict(number=7, name="the request", ended_at=1.0, returned=[id(given)]),
        dict(number=8, name="test_poll", kind="test", ended_at=1.0, must=["tasks"]),
        dict(number=9, name="still running"),
    ]
    look("now", "test", scopes=scopes)
    for task in kept:
        if isinstance(task, asyncio.Task): task.cancel()
async def other():
    in_scope(9)
    kept.append(asyncio.get_running_loop().create_task(poll()))

given = contextvars.copy_context().run(request)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("scopes"))["now"]


@pytest.fixture(scope="module")
def found(seen: Seen) -> tuple[Leftover, ...]:
    return seen.leftovers(SOCKET)


def test_socket_made_in_a_scope_is_left_behind(found: tuple[Leftover, ...]) -> None:
    one = about(found, "1 socket made in the request is still there after it")
    assert (one.problem, one.answer, one.lifetime) == ("left-behind", Answer.HELD, "the request")
    assert one.category is Category.TEST
    assert accused([one])


def test_task_is_blamed_on_its_own_scope_only(found: tuple[Leftover, ...]) -> None:
    rows = [one for one in found if one.kind == "task"]
    assert [(one.count, one.lifetime) for one in rows] == [(1, "test_poll")]


def test_what_was_given_back_and_what_it_has_lives_on_rightly(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "Given")
    assert about(found, "socket").count == 1


def test_plain_object_that_an_older_collection_took_in_is_accused(found: tuple[Leftover, ...]) -> None:
    assert accused([next(one for one in found if one.type == "__main__.Row")])


def test_what_is_in_a_cache_is_harmless(found: tuple[Leftover, ...]) -> None:
    assert all(one.harmless for one in found if one.type in ("__main__.Cached", "__main__.Memoised"))


def test_garbage_is_not_left_behind(found: tuple[Leftover, ...]) -> None:
    assert "__main__.Dropped" not in {one.type for one in found}
