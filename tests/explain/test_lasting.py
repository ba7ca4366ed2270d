"""What grew and what outlived its end: one mistake is told once, and which leftovers are leaks by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.explain.lasting import is_leak, told_once
from outlive.model.explanation import Explanation, Hop, Site
from outlive.model.leftovers import Answer, Leftover, StuckGrade
from outlive.model.verdict import Evidence, Finding, Rate

ONE = Rate(1, 1, 1)
HERE, ELSEWHERE = Site("app.py", 5, "step"), Site("app.py", 90, "other")


def why(held_by: str, kind: str, site: Site = HERE) -> Explanation:
    return Explanation(f"`{held_by}` keeps each.", (Hop(held_by, held_by, kind),), held_by=held_by, site=site)


GROWS = Finding(
    "python-object", "app.Session", ONE, ONE, (Evidence("objects", "app.Session", ONE, 500, 0, 500, 8, 0, 9.0),), "f",
    explanation=why("app.SESSIONS", "app.Session"),
)  # fmt: skip
ENDED = Leftover(
    "session", "app.Session", 3, Answer.HELD, "outlived", "3 Session closed at app.py:7 are still held.",
    lifetime="session closed", ended_at=Site("app.py", 7, "close"), made_at=HERE,
    explanation=why("app.SESSIONS", "app.Session"),
)  # fmt: skip
STUCK = Leftover(
    "task", "_asyncio.Task", 1, Answer.HELD, "stuck", "1 task waits.", stuck=StuckGrade.NEVER_WAKES, made_at=HERE
)


def test_what_grows_and_had_ended_is_told_by_the_finding_alone() -> None:
    told = told_once([GROWS], [ENDED])
    assert told.leftovers == ()
    assert told.findings[0].explanation is not None
    assert told.findings[0].explanation.sentence == (
        "`app.SESSIONS` keeps each. Each Session had ended before: session closed at app.py:7."
    )
    assert replace(told.findings[0], explanation=None) == replace(GROWS, explanation=None)


def test_another_mistake_with_objects_of_the_same_type_is_told_beside() -> None:
    other = replace(ENDED, made_at=ELSEWHERE, explanation=why("app.OTHERS", "app.Session", ELSEWHERE))
    told = told_once([GROWS], [other])
    assert (told.findings, told.leftovers) == ((GROWS,), (other,))


def test_a_proof_becomes_a_sentence_of_the_growing_tasks() -> None:
    grows = replace(GROWS, kind="task", type="", explanation=None)
    told = told_once([grows], [STUCK])
    assert told.leftovers == ()
    assert told.findings[0].detail == "Outlive proved: 1 task waits."


def test_what_the_leaking_line_leaves_open_beside_is_no_note_of_its_own() -> None:
    note = Leftover(
        "listener", "app.Listener", 3, Answer.HELD, "open-at-end", "3 listeners.", made_at=HERE, harmless=True
    )
    told = told_once([GROWS], [note])
    assert (told.findings, told.leftovers) == ((GROWS,), ())


@pytest.mark.parametrize(
    ("one", "leaks"),
    [
        (ENDED, True),
        (STUCK, True),
        (replace(ENDED, harmless=True), False),
        (replace(ENDED, answer=Answer.CYCLE), False),
        (replace(ENDED, answer=Answer.IN_FLIGHT), False),
        (replace(ENDED, answer=Answer.HARNESS), False),
        (replace(ENDED, lifetime=""), False),
    ],
)
def test_only_a_declared_end_or_a_proof_makes_what_a_root_holds_a_leak(one: Leftover, leaks: bool) -> None:
    assert is_leak(one) is leaks
