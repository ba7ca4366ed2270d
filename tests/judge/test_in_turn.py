"""Which ended objects only wait for their turn, by the steps that they ended in."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from outlive.judge.in_turn import in_turn
from outlive.model.look import Ended


def ended(ticks: Iterable[int], lifetime: str = "session closed") -> list[Ended]:
    return [Ended(at, "app.Session", lifetime, 0.0, tick, key=at) for at, tick in enumerate(ticks, 1)]


@pytest.mark.parametrize("length", [1, 5, 100])
def test_the_last_few_that_ended_one_after_the_other_wait_for_their_turn(length: int) -> None:
    rows = ended(range(1000 - length, 1000))
    assert in_turn(rows, 2, 1000) == {row.key for row in rows}


@pytest.mark.parametrize(
    "ticks",
    [range(2, 1000), range(500, 1000), [3], [920], [900, 999], [1]],
    ids=["all", "half", "early", "one", "two", "setup"],
)
def test_what_was_not_let_go_is_not_waiting(ticks: Iterable[int]) -> None:
    assert in_turn(ended(ticks), 2, 1000) == frozenset()


def test_each_lifetime_is_judged_by_itself() -> None:
    rows = [*ended([999]), *(Ended(9, "app.Session", "lent", 0.0, 3, key=9),)]
    assert in_turn(rows, 2, 1000) == {1}


def test_few_steps_prove_no_turn() -> None:
    assert in_turn(ended([8]), 2, 9) == frozenset()


def test_a_row_of_a_long_history_is_known_by_itself() -> None:
    """There was room for a few of a thousand; those that are alive lie side by side."""
    rows = ended(range(99_100, 99_228))
    assert in_turn(rows, 2, 100_000) == frozenset()
    assert in_turn(rows, 2, 100_000, all_told=False) == {row.key for row in rows}
