"""Asking the stamps in the running program: of one object, and for what was made since."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from outlive import _core

Begin = Callable[..., Any]


class Session:
    pass


class Special(Session):
    pass


class Slotted:
    __slots__ = ("__weakref__", "other")


class Loud:
    """Fails when anybody runs its code."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise AssertionError

    @property
    def __class__(self) -> Any:
        raise AssertionError


def made(since: int, *types: type, scope: int | None = None) -> list[Any]:
    return _core.Stamps().made(since, scope, types)


def same(found: list[Any], wanted: list[Any]) -> bool:
    return sorted(map(id, found)) == sorted(map(id, wanted))


# Before 3.13 the allocator is the usual way.
@pytest.fixture(params=[False, True] if sys.version_info >= (3, 13) else [False])
def stamps(begin: Begin, request: pytest.FixtureRequest) -> Any:
    return begin(allocator=request.param).native


def test_an_object_knows_its_making(stamps: Any) -> None:
    stamps.tick(7)
    thing = Session()
    tick, scope, file, line, function = stamps.of(thing)
    assert (tick, scope, file) == (7, 0, __file__)
    assert line == test_an_object_knows_its_making.__code__.co_firstlineno + 2
    assert function == "test_an_object_knows_its_making"


def test_what_was_made_before_is_unknown(begin: Begin) -> None:
    before = Session()
    assert _core.Stamps().of(before) is None
    assert begin().native.of(before) is None


def test_one_that_may_wear_another_ones_stamp_is_unknown(stamps: Any) -> None:
    kept = [[1] for _ in range(3)]
    assert (stamps.of(kept[0]) is None) == (stamps.mode == "allocator")


def test_living_objects_since_a_tick_are_found(stamps: Any) -> None:
    stamps.tick(5)
    old = [Session(), Slotted()]
    stamps.tick(6)
    new = [Session(), Special(), Slotted(), Loud()]
    assert same(made(6, Session), new[:2])
    assert same(made(6, Special), new[1:2])
    assert same(made(6, Slotted, Special), new[1:3])
    assert same(made(6, Loud), new[3:])
    assert same(made(5, Session, Slotted), old + new[:3])
    assert made(7, Session) == []
    assert made(6) == []


def test_only_those_of_the_scope_are_found(stamps: Any) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("scope")
    stamps.scope_variable(variable)
    stamps.tick(2)

    def make(scope: int) -> Session:
        variable.set(scope)
        return Session()

    things = [contextvars.copy_context().run(make, scope) for scope in (1, 2, 2)]
    free = Session()
    assert same(made(2, Session, scope=2), things[1:])
    assert same(made(2, Session, scope=0), [free])
    assert same(made(2, Session), [*things, free])
    assert made(3, Session, scope=2) == []


def test_without_stamps_tick_0_means_all_that_live() -> None:
    class Local:
        pass

    kept = [Local() for _ in range(3)]
    assert same(made(0, Local), kept)
    assert made(1, Local) == []


def test_the_dead_are_not_found(stamps: Any) -> None:
    stamps.tick(3)
    kept, gone = Session(), Session()
    reference = weakref.ref(gone)
    del gone
    assert same(made(3, Session), [kept])
    assert reference() is None


def test_frozen_objects_are_found(stamps: Any) -> None:
    stamps.tick(3)
    kept = Session()
    kept.itself = kept  # type: ignore[attr-defined]
    gc.freeze()
    try:
        assert same(made(3, Session), [kept])
    finally:
        gc.unfreeze()


def test_tasks_and_handles_are_found(stamps: Any) -> None:
    async def wait() -> None:
        await asyncio.sleep(30)

    async def main() -> None:
        stamps.tick(4)
        task = asyncio.create_task(wait())
        handle = asyncio.get_running_loop().call_later(30, print)
        await asyncio.sleep(0)
        assert same(made(4, asyncio.Task), [task])
        assert any(found is handle for found in made(4, asyncio.Handle))
        handle.cancel()
        task.cancel()

    asyncio.run(main())


@pytest.mark.parametrize(
    "wrong", [(1, None, (3,)), (1, None, [int]), (-1, None, ()), (2**32, None, ()), (1, 2**32, ())]
)
def test_wrong_questions_are_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, OverflowError)):
        _core.Stamps().made(*wrong)
