"""The text of a check: the verdict first, its evidence below, the next command last."""

from __future__ import annotations

import dataclasses
import re
import shlex

import page_values
import pytest
from results import ALL, BLIND, LEAK, NO_LEAK, OUTLIVED, RAISED, SESSIONS, SOCKETS, TWO_LEAKS, evidence

from outlive.cli import check
from outlive.cli.parsing import verb_parser
from outlive.model.verdict import CheckResult, Control, Finding, Note, Outcome, Rate
from outlive.reports.check_text import render
from outlive.reports.finding_words import counter_words, sentence
from outlive.reports.next_command import after_check


def test_first_line_alone_says_verdict_scenario_and_mistake() -> None:
    first = render(LEAK).splitlines()[0]
    assert first == "LEAK  service.py: about every 5th step leaves one service.Session object behind"


def test_first_line_counts_the_mistakes_when_there_are_more() -> None:
    assert render(TWO_LEAKS).splitlines()[0].startswith("LEAK  service.py: 2 mistakes; first, about every 5th step")


@pytest.mark.parametrize("result", [NO_LEAK, RAISED, BLIND])
def test_first_line_of_other_verdicts_gives_the_reason(result: CheckResult) -> None:
    first = render(result).splitlines()[0]
    assert first == f"{result.verdict.value.upper()}  service.py: {result.reason}"


def test_finding_shows_rate_interval_bytes_detail_and_fingerprint() -> None:
    text = render(LEAK)
    assert "0.2 per step (95 %: 0.199 – 0.202), 214 B per step (95 %: 210 B – 219 B)" in text
    assert "held by service.SERVICE.sessions" in text
    assert "fingerprint a1b2c3d4" in text


def test_every_finding_is_told_in_a_sentence_of_its_own() -> None:
    text = render(TWO_LEAKS)
    assert "1. About every 5th step leaves one service.Session object behind." in text
    assert "2. Every step leaves one open socket descriptor behind." in text


def test_evidence_stands_in_a_table_with_the_name_last() -> None:
    row = next(line for line in render(LEAK).splitlines() if line.endswith("objects service.Session"))
    assert row.split()[:8] == ["0.2", "0.199", "–", "0.202", "12", "831", "20/0", "3e9"]


def test_long_tail_of_companions_is_cut_and_counted() -> None:
    text = render(LEAK)
    assert "builtins.type5" in text
    assert "builtins.type6" not in text
    assert "and 2 more counters (--json shows all)" in text


def test_notes_controls_smallest_leak_and_cost_are_shown() -> None:
    text = render(LEAK)
    assert "note: filling: collections.deque (bound 500) holds 312" in text
    assert "planted leak found, planted innocent cleared" in text
    assert "leaks down to objects, fds: one every 1,000th step · native: 12 B a step" in text
    assert "4,096 steps in 4.1 s (2.4 s in steps, 1.2 s counting 40 times); peak 92 MB" in text


def test_missed_control_is_shouted() -> None:
    assert "planted leak MISSED (expected leak, got flat)" in render(BLIND)


def test_traceback_of_the_scenario_is_shown_from_its_end() -> None:
    long = dataclasses.replace(RAISED, traceback="".join(f"line {at}\n" for at in range(100)))
    text = render(long)
    assert "… 70 lines above" in text
    assert "line 99" in text
    assert "line 69\n" not in text


@pytest.mark.parametrize("result", ALL)
def test_color_changes_no_word(result: CheckResult) -> None:
    plain = render(result, color=False)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", render(result, color=True)) == plain


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("result", ALL)
def test_next_command_is_one_that_parses(result: CheckResult, outcome: Outcome) -> None:
    _, command = after_check(dataclasses.replace(result, outcome=outcome, scenario="my service.py"))
    words = shlex.split(command)
    assert words[:2] == ["outlive", "check"]
    assert verb_parser("check", check).parse_args(words[2:]).scenario == "my service.py"


def test_next_command_after_a_leak_allows_what_was_found() -> None:
    assert after_check(LEAK)[1].endswith("--allow service.Session")
    assert after_check(dataclasses.replace(LEAK, findings=(SOCKETS,)))[1].endswith("--allow fds")


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (SESSIONS, "about every 5th step leaves one service.Session object behind"),
        (dataclasses.replace(SESSIONS, count=Rate(3, 3, 3)), "every step leaves 3 service.Session objects behind"),
        (dataclasses.replace(SESSIONS, count=Rate(1.5, 1, 2)), "every step leaves 1.5 service.Session objects behind"),
        (SOCKETS, "every step leaves one open socket descriptor behind"),
        (dataclasses.replace(SOCKETS, kind="thread", type=""), "every step leaves one thread behind"),
        (
            dataclasses.replace(SOCKETS, kind="process", type="zombie"),
            "every step leaves one zombie child process behind",
        ),
        (
            dataclasses.replace(
                SOCKETS, kind="python-object", type="builtins.list", evidence=(evidence("items", "builtins.list"),)
            ),
            "every step leaves one more item in a list behind",
        ),
        (
            Finding("native", "", Rate(0, 0, 0), Rate(48, 47, 49), (), "x"),
            "every step leaves 48 B of native memory behind",
        ),
    ],
)
def test_sentence_fits_the_kind_of_resource(finding: Finding, words: str) -> None:
    assert sentence(finding) == words


def test_next_command_after_a_test_is_pytests() -> None:
    why, command = after_check(dataclasses.replace(LEAK, scenario="tests/test_app.py::test_request"))
    assert command == "pytest --outlive tests/test_app.py::test_request"
    assert "outlive(allow=['service.Session'])" in why


def test_nothing_of_the_checked_program_reaches_the_terminal_as_control_or_direction() -> None:
    name = "app.\x1b]0;owned\x07\u202eSession\r\x9b2J"
    hostile = dataclasses.replace(
        page_values.hostile(),
        scenario=name,
        reason=name,
        findings=tuple(
            dataclasses.replace(
                one, type=name, kind=name, evidence=(evidence("objects", name),), explanation=None, detail=name
            )
            for one in (SESSIONS, SOCKETS)
        ),
        notes=(Note(name, name),),
        controls=(Control(name, name, name, name, False),),
        traceback=f"\t{name}",
    )
    text = render(hostile)
    assert all(one.isprintable() or one == "\n" for one in text)
    assert "app.\N{REPLACEMENT CHARACTER}]0;owned" in text


def test_single_finding_with_a_hostile_name_is_safe_in_the_headline() -> None:
    found = dataclasses.replace(SESSIONS, type="app.\x1b[31mRed")
    text = render(dataclasses.replace(LEAK, findings=(found,)))
    assert "\x1b" not in text
    assert (
        "app.\N{REPLACEMENT CHARACTER}[31mRed objects" in text or "app.\N{REPLACEMENT CHARACTER}[31mRed object " in text
    )


def test_ordinary_names_and_tracebacks_are_shown_as_they_are() -> None:
    text = render(
        dataclasses.replace(RAISED, traceback="Traceback:\n\tfile müll.py, line 3\nValueError: größer · 日本")
    )
    assert "ValueError: größer · 日本" in text
    assert "file müll.py, line 3" in text


def test_counter_of_a_hostile_type_stands_on_one_line() -> None:
    assert "\n" not in counter_words(evidence("objects", "app.A\nLEAK  all is lost"))


def test_what_outlived_its_end_is_told_with_its_proof() -> None:
    shown = render(OUTLIVED)
    assert shown.startswith("LEAK  service.py: Task gc_loop never wakes\n")
    assert "outlived its end\n\n  1. Task gc_loop never wakes." in shown
    assert "no timer, callback, thread or native code refers to what it waits for" in shown


def test_what_is_in_flight_is_told_as_no_leak() -> None:
    told = render(OUTLIVED).partition("seen, and no leak\n")[2]
    assert told.startswith("  in flight: A Client closed at app.py:3")


def test_leaks_by_growth_and_by_lifetime_are_counted_together() -> None:
    both = dataclasses.replace(LEAK, leftovers=OUTLIVED.leftovers)
    assert render(both).startswith("LEAK  service.py: 2 mistakes; first, about every 5th step leaves one")
    assert "  2. Task gc_loop never wakes." in render(both)
