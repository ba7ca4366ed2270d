"""Rows of a query as text, CSV and JSON."""

from __future__ import annotations

import json
import math

from outlive.reports import query_rows

COLUMNS = (("type", "VARCHAR"), ("bytes", "UBIGINT"))


def test_numbers_stand_right_and_words_left() -> None:
    assert query_rows.as_text(COLUMNS, [("a", 5), ("long", 1234)], 10) == "type  bytes\na         5\nlong   1234\n"


def test_nothing_is_shown_as_a_dash_and_no_rows_are_said() -> None:
    assert "–" in query_rows.as_text(COLUMNS, [(None, 5)], 10)
    assert query_rows.as_text(COLUMNS, [], 10) == "type  bytes\nno rows\n"


def test_only_as_many_rows_are_read_as_are_shown_and_one() -> None:
    endless = (("x", number) for number in iter(int, 1))
    assert query_rows.as_text(COLUMNS, endless, 3).count("x") == 3


def test_csv_quotes_what_needs_it() -> None:
    assert "".join(query_rows.as_csv(COLUMNS, [('a,"b"', 1)])) == 'type,bytes\n"a,""b""",1\n'


def test_json_of_many_rows_is_one_object() -> None:
    rows = [(f"t{number}", number) for number in range(2_500)]
    written = json.loads("".join(query_rows.as_json(COLUMNS, rows)))
    assert written["schema"] == "outlive.query/1"
    assert written["columns"][1] == {"name": "bytes", "type": "UBIGINT"}
    assert [tuple(row) for row in written["rows"]] == rows


def test_json_of_no_rows_is_one_object_too() -> None:
    assert json.loads("".join(query_rows.as_json(COLUMNS, [])))["rows"] == []


def test_what_json_has_no_word_for_becomes_null_or_text() -> None:
    rows = [(math.inf, b"x"), ([math.nan, {1: None}], 2**70)]
    written = json.loads("".join(query_rows.as_json(COLUMNS, rows)))
    assert written["rows"] == [[None, "b'x'"], [[None, {"1": None}], 2**70]]
