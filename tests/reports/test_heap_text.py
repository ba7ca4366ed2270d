"""A snapshot's summary, laid out: what a reader finds, in which order, and what a hostile name cannot do."""

from __future__ import annotations

import dataclasses
import json

from outlive.model.heap_summary import Block, Cycle, HeapSummary, Suspect, TypeTotal, Unexplained
from outlive.reports import heap_json, heap_text

PAGES = Block(node=77, type="dict", label="app.pages", bytes=232, retained_bytes=3 * 1024 * 1024, objects=1204)
SUMMARY = HeapSummary(
    path="heap.outlive",
    python="3.12.1",
    objects=80_107,
    references=240_000,
    bytes=10_500_000,
    quality="98.40% of reference counts explained exactly",
    types=(TypeTotal("builtins.str", 25_094, 1_800_000, 1_800_000), TypeTotal("app.Session", 40, 2_560, 64_000)),
    biggest=(PAGES, Block(node=5, type="app.Cache", label="app.cache", bytes=48, retained_bytes=2048, objects=9)),
    suspects=(Suspect("app.sessions", "dict", 2_000_000, "app.Session", 1_000),),
    cycles=(Cycle(("app.A", "app.B", "app.C", "app.D", "app.E"), 12, 4_096),),
    unexplained=(Unexplained("ext.Frame", 3, 12),),
)
EMPTY = HeapSummary("heap.outlive", "3.12.1", 1, 0, 16, "fine")


def test_every_part_is_there_in_the_order_of_questions() -> None:
    text = heap_text.render(SUMMARY)
    titles = ["heap.outlive: 80,107 objects", "biggest", "types", "suspects", "garbage", "references that no", "next"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_biggest_shows_what_goes_with_it_and_its_number() -> None:
    assert "    3 MB  232 B    1,204   #77  app.pages  (dict)" in heap_text.render(SUMMARY)


def test_suspect_says_what_it_mostly_holds() -> None:
    assert "app.sessions  (dict) keeps 1.91 MB, mostly 1,000 × app.Session" in heap_text.render(SUMMARY)


def test_cycle_of_many_types_names_the_first_few() -> None:
    assert "12 objects  4 KB  app.A, app.B, app.C, app.D, …" in heap_text.render(SUMMARY)


def test_part_with_nothing_in_it_is_left_out() -> None:
    text = heap_text.render(EMPTY)
    assert "suspects" not in text
    assert "garbage" not in text
    assert text.count("\n\n") == 1


def test_rows_beyond_the_limit_are_counted_and_the_way_to_see_them_named() -> None:
    text = heap_text.render(SUMMARY, limit=1)
    assert "app.cache" not in text
    assert "and 1 more (--limit 2 shows all)" in text


def test_next_command_asks_after_the_biggest() -> None:
    assert heap_text.render(SUMMARY).endswith("outlive why heap.outlive '#77'\n")
    assert "outlive query heap.outlive" in heap_text.render(EMPTY)


def test_file_name_with_a_space_is_quoted_in_the_command() -> None:
    text = heap_text.render(dataclasses.replace(SUMMARY, path="my heap.outlive"))
    assert "outlive why 'my heap.outlive' '#77'" in text


def test_name_that_would_steer_the_terminal_is_made_harmless() -> None:
    hostile = TypeTotal("app.\x1b]0;owned\x07\u202eevil" + "x" * 10_000, 1, 1, 1)
    text = heap_text.render(dataclasses.replace(SUMMARY, types=(hostile,)))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert max(map(len, text.splitlines())) < 300


def test_color_is_only_where_it_is_asked_for() -> None:
    assert "\x1b" not in heap_text.render(SUMMARY)
    assert "\x1b[1m" in heap_text.render(SUMMARY, color=True)


def test_json_says_everything_and_names_its_schema() -> None:
    written = json.loads(json.dumps(heap_json.to_json(SUMMARY)))
    assert written["schema"] == "outlive.heap/1"
    assert written["biggest"][0]["label"] == "app.pages"
    fields = {field.name for field in dataclasses.fields(HeapSummary)}
    assert set(written) == fields | {"schema", "outlive"}


def test_references_that_extension_modules_keep_as_usual_are_one_line() -> None:
    usual = (Unexplained("function", 470, 498, "numpy"), Unexplained("str", 3, 3, "the interpreter"))
    text = heap_text.render(dataclasses.replace(SUMMARY, unexplained=(*SUMMARY.unexplained, *usual)))
    assert "and 501 references to what numpy, the interpreter keep of their own: usual" in text
    assert "function" not in text


def test_nothing_but_usual_references_asks_for_nothing() -> None:
    usual = (Unexplained("function", 470, 498, "numpy"),)
    text = heap_text.render(dataclasses.replace(SUMMARY, unexplained=usual))
    assert "  498 references to what numpy keeps of its own: usual" in text
    assert "outlive diff" not in text
