"""What is said of a problem stands in one place, and every problem has all of it."""

from __future__ import annotations

import pytest

from outlive.explain.leftovers.grouping import Group
from outlive.explain.leftovers.problems import PROBLEMS, problem
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.words import ended_words, sentence
from outlive.model.explanation import Site


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_problem_has_whole_sentences(slug: str) -> None:
    one = problem(slug)
    assert one.matters.endswith(".")
    assert one.advice.endswith(".")
    assert one.title[0].islower() or one.title[0].isdigit()


def test_ranks_are_an_order() -> None:
    ranks = [one.rank for one in PROBLEMS.values()]
    assert sorted(ranks) == list(range(len(ranks)))


@pytest.mark.parametrize("slug", PROBLEMS)
@pytest.mark.parametrize("count", [1, 3])
def test_every_problem_has_a_sentence_even_when_nothing_else_is_known(slug: str, count: int) -> None:
    words = sentence(Group((Remain(slug, "task", "app.Job"),) * count), None)
    assert words.endswith(".")
    assert "  " not in words
    assert ".." not in words


@pytest.mark.parametrize(
    ("lifetime", "count", "words"),
    [
        ("session closed", 1, "Session closed at app.py:30"),
        ("session closed", 3, "3 Session closed at app.py:30"),
        ("rpc client closed", 1, "Session (rpc client closed) at app.py:30"),
        ("", 1, "Session at app.py:30"),
    ],
)
def test_ended_objects_are_called_by_type_end_and_place(lifetime: str, count: int, words: str) -> None:
    assert ended_words("app.Session", lifetime, Site("/x/app.py", 30, "close"), count) == words
