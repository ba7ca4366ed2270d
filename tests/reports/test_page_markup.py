"""How text becomes markup: escaped, visible, bounded; and JSON that cannot leave its script element."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_values import HOSTILE, LONG

from outlive.reports.page.document import embedded
from outlive.reports.page.markup import element, prose, shown_name, visible

pytestmark = pytest.mark.any_python


def test_text_and_attributes_are_escaped() -> None:
    made = element("p", '<b>&"', title='"><script>')
    assert made.html == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&quot;</p>'


def test_markup_inside_markup_is_kept() -> None:
    assert element("p", element("b", "x"), None, " y").html == "<p><b>x</b> y</p>"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\x00b", "a\\x00b"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_written_as_its_escape(written: str, shown: str) -> None:
    assert visible(written) == shown


@pytest.mark.parametrize("words", ["Größe", "日本語", "a\nb\tc", "naïve – “x”", "שלום"])
def test_ordinary_text_is_left_as_it_is(words: str) -> None:
    assert visible(words) == words


def test_very_long_name_keeps_both_ends_and_says_how_much_is_left_out() -> None:
    shown = shown_name("begin" + LONG + "end")
    assert len(shown) < 320
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert "(9,7" in shown


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_embedded_text_comes_back_and_holds_no_character_of_markup(words: str) -> None:
    inside = embedded({"name": words})
    assert json.loads(inside) == {"name": words}
    assert not set("<>&\u2028\u2029") & set(inside)


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_name_can_be_written_to_a_file(words: str) -> None:
    element("p", words).html.encode("utf-8")


@pytest.mark.parametrize(
    ("words", "names"), [("`app.X` grows", ["app.X"]), ("it's 5 o`clock", []), ("`a` and `b", ["a"]), ("``", [])]
)
def test_names_between_backquotes_are_set_as_code(words: str, names: list[str]) -> None:
    assert re.findall("<code><bdi>(.*?)</bdi></code>", prose(words).html) == names
