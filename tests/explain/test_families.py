"""Holders that are nobody's mistake are named, and what only looks like them is not."""

from __future__ import annotations

import pytest
from small_heap import heap

from outlive.explain.explain import explain_asked

HELD = [
    ("sys: module old\nsys.last_value: ValueError new\nsys.last_value.x: app.Row new", "last exception"),
    ("sys: module old\nsys.last_traceback: traceback new\nsys.last_traceback.x: app.Row new", "last exception"),
    ("builtins: module old\nbuiltins._: app.Row new", "interactive shell"),
    ("app: module old\napp.cov: coverage.control.Coverage old\napp.cov.x: app.Row new", "tracer"),
    ("app: module old\napp.db: pdb.Pdb old\napp.db.curframe: app.Row new", "debugger"),
    ("app: module old\napp.h: _pytest.logging.LogCaptureHandler old\napp.h.records: app.Row new", "pytest"),
    ("app: module old\napp.__warningregistry__: dict old\napp.__warningregistry__[0]: app.Row new", "warnings"),
    ("linecache: module old\nlinecache.cache: dict old\nlinecache.cache['<x>']: app.Row new", "linecache"),
    ("x: outlive.trial.Runner root=outlive\nx.y: app.Row new", "outlive"),
]
NOT_HELD = [
    "app: module old\napp.last_value: dict old\napp.last_value['x']: app.Row new",
    "app: module old\napp._: app.Row new",
    "app: module old\napp.rows: list old\napp.rows[0]: app.Row new",
    "outlivers: module old\noutlivers.rows: list old\noutlivers.rows[0]: app.Row new",
    "app: module old\napp.cache: dict old\napp.cache['linecache.cache']: app.Row new",
]


@pytest.mark.parametrize(("lines", "family"), HELD, ids=[family for _, family in HELD])
def test_family_is_named(lines: str, family: str) -> None:
    small = heap(lines)
    (found,) = explain_asked(small, [max(small.types)], small.context())
    assert found.family == family


@pytest.mark.parametrize("lines", NOT_HELD)
def test_look_alike_is_not_taken_for_a_family(lines: str) -> None:
    small = heap(lines)
    (found,) = explain_asked(small, [max(small.types)], small.context())
    assert found.family == ""


def test_leaked_object_of_a_tool_is_not_excused_by_its_own_type() -> None:
    small = heap("app: module old\napp.rows: list old\napp.rows[0]: coverage.control.Coverage new")
    (found,) = explain_asked(small, small.nodes("coverage.control.Coverage"), small.context())
    assert found.family == ""
