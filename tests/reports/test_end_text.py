"""The text of a program's life: leaks by when they matter, then what is none, the closings, the growth, its worth."""

from __future__ import annotations

from dataclasses import replace

from ends import CLEAN, CLOSINGS, IN_FLIGHT, LEFT, SOCKETS

from outlive.model.look import Closing
from outlive.reports.end_text import leaks_of, render


def test_first_line_says_verdict_command_and_the_first_mistake() -> None:
    first = render(LEFT).splitlines()[0]
    assert first == "LEAK  python app.py --port 80: 2 mistakes; first, task gc_loop never wakes"


def test_a_program_that_left_nothing_is_told_in_two_short_blocks() -> None:
    assert render(CLEAN).splitlines() == [
        "NO LEAK  python app.py: nothing outlived its end",
        "",
        "  ended      it ended with status 0 after 500 ms",
        "  seen in    1 look, 1 snapshot",
    ]


def test_leaks_stand_under_when_they_matter_and_are_numbered_through() -> None:
    lines = render(LEFT).splitlines()
    assert lines.index("while it ran") < lines.index("  1. Task gc_loop never wakes.")
    assert lines.index("at its end") < next(at for at, line in enumerate(lines) if line.startswith("  2. 17 sockets"))
    assert "in tests only" not in lines


def test_a_leak_is_told_with_why_it_matters_its_path_line_owner_and_examples() -> None:
    text = render(replace(LEFT, leftovers=(SOCKETS,)))
    for words in (
        "Each keeps a descriptor",
        "127.0.0.1:8080",
        "~~~",
        "app/api.py:88 in fetch",
        "yours (app)",
        "feed0001",
    ):
        assert words in text, words


def test_a_proof_and_its_grade_are_shown() -> None:
    text = render(LEFT)
    assert "proof  no timer, callback" in text
    assert "not even cancellable" in text


def test_what_is_no_leak_is_told_in_a_line_with_its_answer() -> None:
    assert "  in flight: A Client closed at app.py:3 was held by the callback that ran." in render(LEFT)
    assert leaks_of(replace(LEFT, leftovers=(IN_FLIGHT,))) == []


def test_harmless_ones_are_told_and_do_not_count() -> None:
    harmless = replace(LEFT, leftovers=(replace(SOCKETS, harmless=True),))
    assert "  harmless: 17 sockets" in render(harmless)
    assert leaks_of(harmless) == []


def test_closings_stand_in_their_order_with_what_was_wrong() -> None:
    rows = [line.split() for line in render(LEFT).splitlines() if "close " in line]
    assert [row[0] for row in rows] == ["1.0", "2.0", "3.0"]
    text = render(LEFT)
    assert "closed again" in text
    assert "too early: still in use: 3 connections" in text


def test_of_many_closings_those_with_trouble_are_kept_and_the_others_counted() -> None:
    many = tuple(Closing(float(at), f"Session{at}.close", "app.Session", key=at) for at in range(100))
    text = render(replace(LEFT, closings=(*CLOSINGS, *many)))
    assert "closed again" in text
    assert "too early" in text
    assert "and 91 others" in text
    assert "Session99.close" in text


def test_equal_closings_that_follow_each_other_are_one_row() -> None:
    many = tuple(Closing(float(at), "Session.close", "app.Session", key=at) for at in range(100))
    text = render(replace(LEFT, closings=many))
    assert "Session.close (100 times)" in text


def test_growth_is_told_without_a_verdict() -> None:
    line = next(line for line in render(LEFT).splitlines() if line.strip().startswith("objects"))
    assert line.split()[:4] == ["objects", "1,000", "→", "5,000"]


def test_names_of_the_program_cannot_write_to_the_terminal() -> None:
    hostile = replace(SOCKETS, sentence="\x1b[2Jgone", examples=("\x07",), matters="a\x1bb")
    assert "\x1b" not in render(replace(LEFT, leftovers=(hostile,), command=("\x1b[31m",)))


def test_colour_is_only_used_when_asked_for() -> None:
    assert "\x1b[" not in render(LEFT)
    assert "\x1b[1;31mLEAK" in render(LEFT, color=True)
