"""An explanation in text: the path top-down with the faulty reference underlined, then where, whose, what to do."""

from __future__ import annotations

from dataclasses import replace

from results import LEAK, SESSIONS

from outlive.model.explanation import Advice, Explanation, Hop, Owner, OwnerKind, Site, State
from outlive.reports import check_text, why_text
from outlive.reports.style import Style

PLAIN = Style(False)
PATH = (
    Hop("app.SERVICE", "app.SERVICE", "app.Service", state=State.EXPECTED, reason="was there before"),
    Hop(".sessions", ".sessions", "dict", state=State.EXPECTED, reason="was there before", count=1204),
    Hop("['u42']", "[*]", "app.Session", state=State.STUCK, reason="made in step 42, which has ended", faulty=True),
)
WHY = Explanation(
    "`app.SERVICE.sessions` keeps each Session; nothing removes them.",
    path=PATH,
    held_by="app.SERVICE.sessions",
    owner=Owner(OwnerKind.YOURS, "app"),
    site=Site("/srv/app.py", 88, "login", "sessions[user] = Session()", callers=(Site("/srv/main.py", 3, "step"),)),
    made_by=Owner(OwnerKind.YOURS, "app"),
    advice=(
        Advice("module-registry", "A registry", "Take it out.", "https://example.org"),
        Advice("second", "Other", "x"),
    ),
    also_held_by=("app.by_id", "app.recent", "app.last", "app.first"),
    retained_bytes=2048,
    explained=31,
    sampled=32,
)


def lines(why: Explanation) -> list[str]:
    return why_text.render(why, PLAIN)


def test_the_sentence_comes_first() -> None:
    assert lines(WHY)[0] == WHY.sentence


def test_the_faulty_reference_alone_is_underlined() -> None:
    told = lines(WHY)
    (under,) = [at for at, line in enumerate(told) if set(line.strip()) == {"~"}]
    assert told[under - 1].strip().startswith("['u42']  app.Session")
    assert told[under].strip() == "~" * len("['u42']")
    assert told[under].index("~") == told[under - 1].index("[")


def test_each_object_stands_one_step_further_in() -> None:
    told = [line for line in lines(WHY) if line.strip().startswith(("app.SERVICE ", ".sessions", "['u42']"))]
    assert [len(line) - len(line.lstrip()) for line in told] == [2, 4, 6]


def test_a_container_says_how_much_it_holds_and_the_stuck_object_why() -> None:
    text = "\n".join(lines(WHY))
    assert ".sessions  dict of 1,204" in text
    assert "stuck: made in step 42, which has ended" in text


def test_site_owner_and_advice_are_shown() -> None:
    text = "\n".join(lines(WHY))
    assert "/srv/app.py:88 in login" in text
    assert "sessions[user] = Session()" in text
    assert "from /srv/main.py:3 in step" in text
    assert "yours (app)" in text
    assert "outlive explain module-registry" in text
    assert "or second: Other" in text
    assert "app.last" in text
    assert "and 1 other" in text


def test_an_approximate_site_is_called_so() -> None:
    assert "(approximately)" in "\n".join(lines(replace(WHY, site=Site("/srv/app.py", 8, "f", approximate=True))))


def test_what_is_not_known_is_not_shown() -> None:
    assert lines(Explanation("Nobody closes it.")) == ["Nobody closes it."]


def test_a_hostile_name_cannot_write_to_the_terminal() -> None:
    hop = Hop("['\x1b[2J\n']", "[*]", "app.\x1b[31mEvil\u202e", what="\x07", faulty=True)
    site = Site("/srv/\x1b]0;x.py", 1, "f\r", "print('\x1b')")
    text = "\n".join(lines(Explanation("`\x1b[0m` keeps it", path=(hop,), site=site, also_held_by=("\x1bc",))))
    assert not any(one in text for one in "\x1b\x07\r\u202e")


def test_the_report_of_a_check_tells_the_explanation_in_place_of_the_detail() -> None:
    told = replace(LEAK, findings=(replace(SESSIONS, explanation=WHY),))
    text = check_text.render(told)
    assert "who holds it" in text
    assert "held by service.SERVICE.sessions" not in text
