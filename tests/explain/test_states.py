"""The two rules that spread states along a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.explain.inspectors.answer import Answer, expected, stuck, unknown
from outlive.explain.links import Link
from outlive.explain.states import spread
from outlive.model.explanation import State

WORDS = {"e": expected("lives"), "s": stuck("is over"), "u": unknown("who knows"), "-": None}


def links(count: int) -> list[Link]:
    return [Link(at, f".x{at}", f".x{at}", "app.Thing") for at in range(1, count + 1)]


def spread_of(word: str) -> str:
    states = spread(links(len(word)), [WORDS[letter] for letter in word])
    return "".join(one.state.value[0] for one in states)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-e-", "eeu"),
        ("-s-", "uss"),
        ("e-s-", "euss"),
        ("-se-", "eeeu"),  # the stuck one holds an expected one: overruled
        ("se-s-", "eeuss"),
        ("---", "uuu"),
        ("", ""),
    ],
)
def test_expected_spreads_to_the_root_and_stuck_to_the_end(before: str, after: str) -> None:
    assert spread_of(before) == after


def test_overruled_answer_is_kept_in_words() -> None:
    first = spread(links(2), [stuck("closed"), expected("a module")])[0]
    assert first.state is State.EXPECTED
    assert "although closed" in first.reason


def test_reason_of_an_unknown_object_survives_being_stuck() -> None:
    last = spread(links(2), [stuck("closed"), unknown("keeps frames")])[1]
    assert last == Answer(State.STUCK, "held by the Thing, which is stuck; keeps frames")


@given(st.text(alphabet="esu-", max_size=8))
def test_there_is_one_border_on_every_path(word: str) -> None:
    after = spread_of(word)
    assert after == "".join(sorted(after, key="eus".index))


@given(st.text(alphabet="esu-", min_size=1, max_size=8))
def test_an_expected_object_stays_expected(word: str) -> None:
    assert all(then == "e" for now, then in zip(word, spread_of(word)) if now == "e")
