"""Scopes: what is made in a context carries that context's number, whatever else runs meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from outlive import _core
from outlive.capture.snapshot import load, take

Begin = Callable[..., Any]


class Session:
    pass


# Before 3.13 the allocator is the usual way.
@pytest.fixture(params=[False, True] if sys.version_info >= (3, 13) else [False])
def scoped(begin: Begin, request: pytest.FixtureRequest) -> tuple[Any, contextvars.ContextVar[Any]]:
    """Running stamps, and the variable that they read scopes from."""
    stamps = begin(allocator=request.param)
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("scope", default=99)
    stamps.native.scope_variable(variable)
    return stamps, variable


def in_scope(variable: contextvars.ContextVar[Any], value: object) -> object:
    """A session made in a context of its own in which the variable has this value."""

    def make() -> object:
        variable.set(value)
        return Session()

    return contextvars.copy_context().run(make)


def scope_of(thing: object) -> int:
    known = _core.Stamps().of(thing)
    assert known is not None
    return known[1]


def test_an_object_carries_the_scope_of_its_context(scoped: Any) -> None:
    stamps, variable = scoped
    inside, outside = in_scope(variable, 7), Session()
    seen_inside, seen_outside = stamps.look(inside, outside)
    assert (seen_inside.scope, seen_outside.scope) == (7, 0)
    assert seen_inside.place[0] == "make"
    assert (scope_of(inside), scope_of(outside)) == (7, 0)


@pytest.mark.parametrize(
    ("value", "scope"),
    [
        *((number, number) for number in (1, 2**30 - 1, 2**30, 2**32 - 1)),
        *((wrong, 0) for wrong in (2**32, 2**70, 0, -1, True, None, "7", 7.0)),
    ],
)
def test_only_an_int_of_32_bits_is_a_scope(scoped: Any, value: object, scope: int) -> None:
    assert scope_of(in_scope(scoped[1], value)) == scope


def test_a_reset_variable_is_no_scope_and_reads_as_it_did(scoped: Any) -> None:
    variable = scoped[1]

    def steps() -> list[int]:
        first = Session()
        outer = variable.set(5)
        second = Session()
        inner = variable.set(6)
        third = Session()
        variable.reset(inner)
        fourth = Session()
        variable.reset(outer)
        assert variable.get() == 99
        return [scope_of(made) for made in (first, second, third, fourth, Session())]

    assert contextvars.copy_context().run(steps) == [0, 5, 6, 5, 0]


@pytest.mark.parametrize("others", [1, 15, 16, 17, 40, 600])
def test_the_variable_is_found_among_many(scoped: Any, others: int) -> None:
    """Small, full and deep mappings of a context keep it in different shapes."""
    variable = scoped[1]

    def fill() -> list[int]:
        kept = [contextvars.ContextVar(f"other {n}") for n in range(others)]
        for number, other in enumerate(kept):
            other.set(number)
        before = scope_of(Session())
        variable.set(3)
        return [before, scope_of(Session())]

    assert contextvars.copy_context().run(fill) == [0, 3]


def test_a_thread_has_no_scope_of_its_makers(scoped: Any) -> None:
    variable, made = scoped[1], []

    def work() -> None:
        made.append(Session())

    def start() -> None:
        variable.set(4)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    contextvars.copy_context().run(start)
    inherits = getattr(sys.flags, "thread_inherit_context", 0)
    assert scope_of(made[0]) == (4 if inherits else 0)


async def a_request(variable: contextvars.ContextVar[Any], number: int, made: list[object]) -> None:
    """Makes one object in each way that the work of a request goes on in."""
    loop = asyncio.get_running_loop()
    variable.set(number)

    def make() -> None:
        made.append(Session())

    async def child() -> None:
        await asyncio.sleep(0)
        make()

    make()
    await asyncio.sleep(0)
    make()
    done = loop.create_future()
    loop.call_soon(make)
    loop.call_later(0.001, lambda: (make(), done.set_result(None)))
    children = [asyncio.create_task(child()) for _ in range(2)]
    await asyncio.to_thread(make)
    await asyncio.gather(done, *children)
    make()


def test_a_hundred_tasks_at_once_have_their_own_scopes(scoped: Any) -> None:
    variable = scoped[1]
    made: dict[int, list[object]] = {number: [] for number in range(1, 101)}

    async def main() -> None:
        await asyncio.gather(*(a_request(variable, number, things) for number, things in made.items()))

    asyncio.run(main())
    assert {len(things) for things in made.values()} == {8}
    assert {number: {scope_of(thing) for thing in things} for number, things in made.items()} == {
        number: {number} for number in made
    }


def test_one_line_in_many_scopes_is_one_site(scoped: Any) -> None:
    stamps, variable = scoped
    things = [in_scope(variable, number) for number in range(1, 6)]
    seen = stamps.look(*things)
    assert [one.scope for one in seen] == [1, 2, 3, 4, 5]
    assert len({one.number for one in seen}) == 1
    assert len({one.site for one in seen}) == 1


def test_callers_are_kept_beside_the_scope(begin: Begin) -> None:
    stamps = begin(3)
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("scope")
    stamps.native.scope_variable(variable)
    (seen,) = stamps.look(thing := in_scope(variable, 8))
    assert seen.scope == 8
    assert [caller.function.rpartition(".")[2] for caller in seen.site.callers] == [
        "in_scope",
        "test_callers_are_kept_beside_the_scope",
    ]
    assert thing


def test_stopped_stamps_let_go_of_the_variable(begin: Begin) -> None:
    stamps = begin()
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("scope")
    before = sys.getrefcount(variable)
    stamps.native.scope_variable(variable)
    assert sys.getrefcount(variable) == before + 1
    stamps.native.stop()
    assert sys.getrefcount(variable) == before


def test_only_a_context_variable_can_be_read(begin: Begin) -> None:
    with pytest.raises(TypeError, match="ContextVar"):
        begin().native.scope_variable(7)


def test_a_look_up_near_the_end_of_the_stack_raises_nothing(scoped: Any) -> None:
    variable = scoped[1]
    kept: list[object] = []

    def dive() -> None:
        kept.append(Session())
        dive()

    def start() -> None:
        variable.set(11)
        with pytest.raises(RecursionError):
            dive()

    contextvars.copy_context().run(start)
    assert {scope_of(made) for made in kept} == {11}


def test_a_snapshot_without_scopes_has_none(begin: Begin, tmp_path: Any) -> None:
    begin()
    take(tmp_path / "plain.outlive")
    stamps = load(tmp_path / "plain.outlive").stamps
    assert stamps is not None
    assert not stamps.scopes.any()
    assert (stamps.site_numbers == stamps._site).all()
