"""What the page of a check says to somebody whose browser runs no script."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import page_values
import pytest
from results import ALL, BLIND, LEAK, NO_LEAK, OUTLIVED, RAISED, TWO_LEAKS

from outlive.model.explanation import Explanation
from outlive.model.verdict import CheckResult, Rate
from outlive.reports import page
from outlive.reports.page.growth_plot import growth_plot, thinned, ticks

pytestmark = pytest.mark.any_python


class Reader(HTMLParser):
    """The words that stand in the body, scripts and styles left out; and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.words.append(" " if tag in ("h1", "h2", "p", "dt", "dd", "li", "td", "div") else "")
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style", "title"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read(result: CheckResult) -> Reader:
    return Reader(page.of_check(result))


@pytest.mark.parametrize(
    ("result", "word", "mark"),
    [(LEAK, "leak", "leak"), (NO_LEAK, "no leak", "no-leak"), (RAISED, "could not tell", "could-not-tell")],
)
def test_verdict_comes_first_in_a_word_and_a_shape(result: CheckResult, word: str, mark: str) -> None:
    seen = read(result)
    assert seen.text.startswith(word)
    assert ("header", {"class": f"verdict {mark}"}) in seen.tags


def test_marks_of_the_verdicts_differ_in_shape() -> None:
    assert len({_outline(page.of_check(one)) for one in (LEAK, NO_LEAK, RAISED)}) == 3


def _outline(text: str) -> str:
    found = re.search(r'<path d="([^"]+)" class="outline"', text)
    assert found
    return found[1]


@pytest.mark.parametrize("result", ALL, ids=lambda result: result.reason)
def test_page_has_one_policy_that_lets_nothing_be_fetched(result: CheckResult) -> None:
    policies = [of["content"] for tag, of in read(result).tags if of.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert str(policies[0]).startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in str(policies[0])


def test_page_names_no_address_but_those_that_are_linked() -> None:
    for tag, attributes in read(page_values.leak()).tags:
        for name in ("src", "action", "style", "onclick", "onerror"):
            assert name not in attributes, (tag, attributes)


def test_faulty_reference_is_marked_in_words_and_once() -> None:
    seen = read(page_values.leak())
    assert sum(of.get("class") == "blame" for _, of in seen.tags) == 1
    assert [of["class"] for tag, of in seen.tags if tag == "li" and "faulty" in str(of.get("class"))] == [
        "hop stuck faulty"
    ]


def test_path_stands_from_the_root_to_the_outliver_with_its_reasons() -> None:
    text = read(page_values.leak()).text
    places = [
        text.index(word) for word in ("an imported module", "dict of 3", "list of 2,048", "step 17", "the outliver")
    ]
    assert places == sorted(places)


def test_site_owner_advice_and_other_holders_are_said() -> None:
    text = read(page_values.leak()).text
    for words in (
        "/srv/app/service.py:88 in open_session",
        "session = Session(user, hub=HUB)",
        "Held by yours (app)",
        "outlive explain bound-method-listener",
        "asyncio.tasks._scheduled_tasks",
        "40 of 40 looked at hang on this reference",
        "Each keeps 4.21 KB",
    ):
        assert words in text


def test_finding_without_explanation_shows_its_detail_and_its_evidence() -> None:
    seen = read(LEAK)
    assert "held by service.SERVICE.sessions" in seen.text
    assert "objects service.Session" in seen.text
    assert ("details", {"class": "evidence", "open": None}) in seen.tags


def test_explanation_that_found_no_holder_accuses_nobody() -> None:
    empty = dataclasses.replace(page_values.finding(), explanation=Explanation("Nothing is known of its holder."))
    text = read(page_values.leak(empty)).text
    assert "No holder was found." in text
    assert "faulty reference" not in text.lower()


def test_reference_that_is_no_web_address_is_text() -> None:
    links = [of["href"] for tag, of in read(page_values.hostile()).tags if tag == "a"]
    assert links
    assert all(str(link).startswith("#finding-") for link in links)


def test_missed_control_and_notes_are_said() -> None:
    assert "planted leak missed (expected leak, got flat)" in read(BLIND).text
    assert "collections.deque (bound 500) holds 312" in read(LEAK).text


def test_interval_that_is_not_known_is_called_unknown() -> None:
    unknown = Rate(float("nan"), float("nan"), float("nan"))
    text = read(page_values.leak(dataclasses.replace(page_values.finding(), count=unknown, bytes=unknown))).text
    assert "unknown" in text


def test_many_findings_have_a_table_and_only_the_first_is_open() -> None:
    seen = read(page_values.many(50))
    cards = [of for tag, of in seen.tags if tag == "details" and of.get("class") == "finding"]
    assert [("open" in card) for card in cards] == [True] + [False] * 49
    assert ("div", {"class": "table", "data-table": "findings"}) in seen.tags


def test_two_findings_are_numbered_and_both_open() -> None:
    cards = [of for tag, of in read(TWO_LEAKS).tags if tag == "details" and of.get("class") == "finding"]
    assert len(cards) == 2
    assert all("open" in card for card in cards)


@pytest.mark.parametrize("result", [page_values.many(50), page_values.hostile()], ids=["fifty", "hostile"])
def test_page_is_small(result: CheckResult) -> None:
    assert len(page.of_check(result).encode()) < 3 << 20


def test_page_of_the_same_result_is_the_same() -> None:
    assert page.of_check(LEAK) == page.of_check(LEAK)


def test_plot_draws_readings_judged_floors_and_the_wedge() -> None:
    series = page_values.growing("objects", "app.X", 2.0)
    drawn = growth_plot(series, page_values.seen(series))
    assert drawn is not None
    for part in ("readings", "floors", "wedge", "rate"):
        assert f'class="{part}"' in drawn.html


def test_plot_without_evidence_claims_no_rate() -> None:
    drawn = growth_plot(page_values.growing("objects", "app.X", 2.0), None)
    assert drawn is not None
    assert "wedge" not in drawn.html
    assert "per step" not in drawn.html


def test_plot_of_one_reading_is_none() -> None:
    series = page_values.growing("objects", "app.X", 2.0)
    assert growth_plot(dataclasses.replace(series, steps=[3], values=[4]), None) is None


def test_thinned_readings_keep_both_ends_the_lowest_and_the_highest() -> None:
    points = [(at, at % 37 if at != 7_777 else 900) for at in range(20_000)]
    kept = thinned(points)
    assert len(kept) < 300
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert (7_777, 900) in kept
    assert min(value for _, value in kept) == 0
    assert kept == sorted(kept)


def test_ticks_of_bytes_are_round_in_powers_of_two() -> None:
    assert ticks(0, 4 << 20, 4, "bytes") == [0, 1 << 20, 2 << 20, 3 << 20, 4 << 20]
    assert ticks(5, 5, 4, "") == []


def test_what_outlived_its_end_is_on_the_page_with_its_proof() -> None:
    said = read(OUTLIVED).text
    assert "Task gc_loop never wakes." in said
    assert "no timer, callback, thread or native code refers to what it waits for" in said
    assert "A Client closed at app.py:3" in said
