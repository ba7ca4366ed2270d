"""Scopes: whose context carries which number, and what the rows say."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import outlive
from outlive.lifetimes.clock import SCOPE
from outlive.lifetimes.scopes import scope_rows


def row(number: int) -> dict[str, Any]:
    return next(one for one in scope_rows() if one["number"] == number)


def test_the_number_is_carried_inside_and_nowhere_else() -> None:
    before = SCOPE.get()
    with outlive.scope("request") as request:
        assert SCOPE.get() == request.number > 0
    assert SCOPE.get() == before
    assert request.number == 0


def test_a_scope_that_runs_has_no_end_and_one_that_is_over_has() -> None:
    with outlive.scope("request", must=("tasks", "fds")) as request:
        number = request.number
        assert row(number)["ended_at"] is None
    over = row(number)
    assert over["ended_at"] >= over["began_at"]
    assert over["ended_tick"] >= over["tick"] > 0
    assert (over["name"], over["kind"], over["must"]) == ("request", "scope", ["tasks", "fds"])


def test_an_inner_scope_knows_the_outer_one() -> None:
    with outlive.scope("outer") as outer:
        outside = outer.number
        with outlive.scope("inner") as inner:
            number = inner.number
            assert outer.number == 0
    assert row(number)["parent"] == outside
    assert row(number)["ended_at"] is not None


def test_what_is_returned_is_known_by_its_address() -> None:
    with outlive.scope("request") as request:
        answer = request.returns({"status": 200})
        number = request.number
    assert row(number)["returned"] == [id(answer)]


def test_an_error_passes_through_and_the_scope_is_over() -> None:
    number = 0
    try:
        with outlive.scope("request") as request:
            number = request.number
            raise LookupError("no such thing")
    except LookupError:
        pass
    assert row(number)["ended_at"] is not None


def test_a_hundred_tasks_at_once_carry_each_its_own() -> None:
    async def handle(seen: list[int]) -> None:
        async with outlive.scope("request") as request:
            await asyncio.sleep(0)
            assert SCOPE.get() == request.number
            assert await asyncio.to_thread(SCOPE.get) == request.number
            assert await asyncio.create_task(number()) == request.number
            seen.append(SCOPE.get())
        assert SCOPE.get() == 0

    async def number() -> int:
        return SCOPE.get()

    async def main() -> list[int]:
        seen: list[int] = []
        await asyncio.gather(*(handle(seen) for _ in range(100)))
        return seen

    assert len(set(contextvars.Context().run(asyncio.run, main()))) == 100


def test_one_scope_entered_by_many_tasks_is_a_lifetime_for_each() -> None:
    shared = outlive.scope("shared")

    async def enter() -> int:
        async with shared:
            number = SCOPE.get()
            await asyncio.sleep(0)
            assert SCOPE.get() == number
        return number

    async def main() -> list[int]:
        return await asyncio.gather(*(enter() for _ in range(10)))

    numbers = asyncio.run(main())
    assert len(set(numbers)) == 10
    assert all(row(number)["ended_at"] is not None for number in numbers)


def test_a_plain_thread_starts_in_no_scope() -> None:
    seen: list[int] = []
    with outlive.scope("request"):
        # A context of its own, as threads have had until now.
        thread = threading.Thread(target=lambda: seen.append(contextvars.Context().run(SCOPE.get)))
        thread.start()
        thread.join()
    assert seen == [0]


def test_a_scope_left_in_another_context_ends_all_the_same() -> None:
    request = outlive.scope("request")
    contextvars.copy_context().run(request.__enter__)
    number = max(one["number"] for one in scope_rows())
    before = SCOPE.get()
    request.__exit__(None, None, None)
    assert row(number)["ended_at"] is not None
    assert SCOPE.get() == before
