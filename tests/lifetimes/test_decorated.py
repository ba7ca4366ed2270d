"""`@outlive.lifetime`: functions stay what they were, and each call is a scope."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

import outlive
from outlive.errors import UsageError
from outlive.lifetimes.clock import SCOPE
from outlive.lifetimes.ended import REGISTRY
from outlive.lifetimes.scopes import scope_rows


def last_row() -> dict[str, Any]:
    return max(scope_rows(), key=lambda row: int(row["number"]))


@outlive.lifetime
def plain(a: int, *, b: str = "x") -> list[int]:
    """Says something."""
    return [a, SCOPE.get()]


@outlive.lifetime(must="tasks")
async def coroutine(a: int) -> int:
    await asyncio.sleep(0)
    return SCOPE.get()


@outlive.lifetime
def generator(count: int) -> Iterator[int]:
    for _ in range(count):
        try:
            yield SCOPE.get()
        except LookupError:
            yield -1
    return "done"  # type: ignore[return-value]


@outlive.lifetime
async def async_generator(count: int) -> AsyncIterator[int]:
    for _ in range(count):
        try:
            await asyncio.sleep(0)
            yield SCOPE.get()
        except LookupError:
            yield -1


def test_a_function_keeps_its_kind_its_name_and_its_signature() -> None:
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)
    assert (plain.__name__, plain.__doc__, plain.__module__) == ("plain", "Says something.", __name__)
    assert str(inspect.signature(plain)) == "(a: 'int', *, b: 'str' = 'x') -> 'list[int]'"


def test_a_call_is_a_scope_and_its_result_is_returned() -> None:
    result = plain(7)
    row = last_row()
    assert result == [7, row["number"]]
    assert row["returned"] == [id(result)]
    assert row["ended_at"] is not None
    assert (row["name"], row["kind"], row["must"]) == ("plain", "call", ["everything"])


def test_a_coroutine_is_a_scope_from_its_first_step_to_its_result() -> None:
    async def main() -> tuple[int, int]:
        return await coroutine(1), SCOPE.get()

    inside, outside = asyncio.run(main())
    assert inside == last_row()["number"]
    assert outside == 0
    assert last_row()["must"] == ["tasks"]


def test_a_generator_carries_its_number_and_its_consumer_does_not() -> None:
    running = generator(2)
    inside = next(running)
    assert inside == last_row()["number"] != SCOPE.get()
    assert next(running) == inside
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value == "done"
    assert last_row()["ended_at"] is not None


def test_what_is_thrown_into_a_generator_arrives() -> None:
    running = generator(1)
    next(running)
    assert running.throw(LookupError()) == -1
    running.close()
    assert last_row()["ended_at"] is not None


def test_an_async_generator_does_the_same() -> None:
    async def main() -> None:
        running = async_generator(2)
        inside = await running.__anext__()
        assert inside == last_row()["number"] != SCOPE.get()
        assert await running.athrow(LookupError()) == -1  # type: ignore[attr-defined]
        await running.aclose()  # type: ignore[attr-defined]
        assert last_row()["ended_at"] is not None
        assert [one async for one in async_generator(2)] == [last_row()["number"]] * 2

    asyncio.run(main())


def test_an_error_ends_the_scope_and_comes_out_as_it_was() -> None:
    error = LookupError("gone")

    @outlive.lifetime
    def fails() -> None:
        raise error

    with pytest.raises(LookupError) as raised:
        fails()
    assert raised.value is error
    assert last_row()["ended_at"] is not None


def test_a_context_manager_is_a_scope_for_its_block() -> None:
    @outlive.lifetime
    @contextmanager
    def block() -> Iterator[str]:
        yield "inside"

    before = SCOPE.get()
    with block() as word:
        assert word == "inside"
        assert SCOPE.get() == last_row()["number"] != before
        assert last_row()["ended_at"] is None
    assert SCOPE.get() == before
    assert last_row()["ended_at"] is not None


def test_an_async_context_manager_is_one_too() -> None:
    @outlive.lifetime
    @asynccontextmanager
    async def block() -> AsyncIterator[str]:
        yield "inside"

    async def main() -> None:
        async with block():
            assert SCOPE.get() == last_row()["number"]
        assert last_row()["ended_at"] is not None

    asyncio.run(main())


def test_static_and_class_methods_are_decorated_as_what_they_are() -> None:
    class Api:
        @outlive.lifetime
        @staticmethod
        def one() -> int:
            return SCOPE.get()

        @outlive.lifetime
        @classmethod
        def two(cls) -> tuple[str, int]:
            return cls.__name__, SCOPE.get()

    assert Api().one() == last_row()["number"]
    assert Api.two() == ("Api", last_row()["number"])


def test_an_instance_has_ended_when_its_ending_method_has_returned() -> None:
    @outlive.lifetime(ends="stop", must=("garbage", "threads"), matters="its thread runs on")
    class Worker:
        def stop(self) -> None: ...

    worker = Worker()
    assert REGISTRY.row_of(worker) is None
    worker.stop()
    row = REGISTRY.row_of(worker)
    assert row is not None
    assert (row.lifetime, row.must, row.matters) == (f"{Worker.__qualname__} stopped", ("garbage", "threads"),
                                                     "its thread runs on")  # fmt: skip


def test_the_usual_endings_are_found_without_naming_them() -> None:
    @outlive.lifetime
    class Session:
        def __enter__(self) -> Session:
            return self

        def __exit__(self, *error: object) -> None: ...

    with Session() as session:
        assert REGISTRY.row_of(session) is None
    assert REGISTRY.row_of(session) is not None


def test_a_class_that_nothing_ends_is_refused() -> None:
    class Endless: ...

    with pytest.raises(UsageError, match="nothing ends a"):
        outlive.lifetime(Endless)
    with pytest.raises(UsageError, match="no method 'stop'"):
        outlive.lifetime(ends="stop")(Endless)


def test_a_builtin_function_is_refused() -> None:
    with pytest.raises(UsageError, match="can have no lifetime"):
        outlive.lifetime(len)
