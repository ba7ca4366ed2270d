"""The answer of `outlive why`, laid out around explanations that are made here by hand."""

from __future__ import annotations

import dataclasses
import json

from outlive.model.explanation import Explanation, Hop, Owner, OwnerKind, Site, State
from outlive.reports import asked_text
from outlive.reports.asked_text import Asked

HELD = Explanation(
    sentence="app.sessions (a dict) keeps it.",
    path=(
        Hop("app.sessions", "app.sessions", "dict", state=State.EXPECTED, count=40),
        Hop("['u1']", "[*]", "app.Session", faulty=True),
    ),
    owner=Owner(OwnerKind.YOURS, "app"),
    site=Site("/srv/app.py", 12, "handle"),
    retained_bytes=4096,
    explained=30,
    sampled=40,
)
CACHED = dataclasses.replace(HELD, sentence="app.cache keeps it.", explained=10)
ASKED = Asked("heap.outlive", "Session", 40, 2_560, 40, 7, "app.Session", (HELD, CACHED))


def test_ways_of_being_held_are_numbered_with_their_share() -> None:
    text = asked_text.render(ASKED, limit=3)
    assert text.startswith("app.Session: 40 objects, 2.5 KB of their own; all looked at\n")
    assert text.index("1. 30 of 40") < text.index("app.sessions (a dict)") < text.index("2. 10 of 40")


def test_lone_way_is_not_numbered() -> None:
    text = asked_text.render(dataclasses.replace(ASKED, explanations=(HELD,)), limit=3)
    assert "1. " not in text
    assert "  app.sessions (a dict) keeps it." in text


def test_ways_beyond_the_limit_are_counted() -> None:
    text = asked_text.render(ASKED, limit=1)
    assert "app.cache" not in text
    assert "and 1 other way to be held (--all shows all)" in text


def test_object_that_nothing_holds_is_said_to_be_garbage() -> None:
    alone = Asked("heap.outlive", "#7", 1, 64, 1, 7, "app.Session")
    assert "Nothing holds it: it is garbage" in asked_text.render(alone, limit=3)


def test_escape_sequences_in_names_do_not_reach_the_terminal() -> None:
    hostile = dataclasses.replace(HELD, sentence="\x1b[2Jgone", path=(Hop("\x1b]0;x\x07", "", "a\u202eb"),))
    text = asked_text.render(dataclasses.replace(ASKED, explanations=(hostile,), type="\x1b[31m"), limit=3)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_next_command_fits_what_was_asked() -> None:
    assert asked_text.render(ASKED, limit=3).endswith("outlive why heap.outlive '#7' --all\n")
    one = dataclasses.replace(ASKED, objects=1)
    assert "outlive query heap.outlive 'SELECT * FROM refs WHERE source = 7'" in asked_text.render(one, limit=3)


def test_json_holds_the_explanations_and_names_its_schema() -> None:
    written = json.loads(json.dumps(asked_text.to_json(ASKED)))
    assert written["schema"] == "outlive.why/1"
    assert written["explanations"][0]["path"][1]["faulty"] is True
    assert written["explanations"][0]["owner"] == {"kind": "yours", "name": "app", "version": ""}
