"""The planted leak must be seen and the planted innocent must not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from outlive.judge import DROPPED, LEAKED
from outlive.judge.controls import controls_of
from outlive.model.series import Series


def seen(leaked: Sequence[int], dropped: Sequence[int] = ()) -> tuple[bool, bool]:
    steps = tuple(2**k for k in range(len(leaked)))
    series = {LEAKED: Series(LEAKED, steps, leaked)}
    if dropped:
        series[DROPPED] = Series(DROPPED, steps, dropped)
    positive, null = controls_of(series)
    return positive.seen, null.seen


@pytest.mark.parametrize("samples", [2, 5, 23, 24, 60, 500])
def test_one_more_at_each_sample_is_seen_whatever_the_steps_between(samples: int) -> None:
    assert seen(range(1, samples + 1)) == (True, True)


@pytest.mark.parametrize("values", [[], [1], [1, 1, 1], [1, 2, 4], [1, 2, 2, 3]])
def test_a_planted_leak_that_does_not_show_exactly_is_missed(values: list[int]) -> None:
    assert seen(values)[0] is False


def test_an_innocent_that_stays_is_missed() -> None:
    assert seen([1, 2, 3], [0, 0, 1]) == (True, False)
    assert seen([1, 2, 3], [0, 0, 0]) == (True, True)
