"""From what a watched process told of its openings to a sentence: whose, where, and nobody's where it is not clear."""

from __future__ import annotations

from typing import Any

from outlive.explain.context import Context
from outlive.explain.opened import explain_opened, with_site
from outlive.model.explanation import Explanation, OwnerKind, Site
from outlive.model.packages import Distribution, Packages

PACKAGES = Packages(
    own_folders=("/srv",),
    distributions={"sh": Distribution("sh", "1.12.2")},
    library_folders=("/site-packages",),
    stdlib_folders=("/lib/python3",),
    python="3.12.1",
)
STEP = ["/srv/app.py", 5, "step"]
IN_SH = ["/site-packages/sh.py", 1234, "OProc.__init__"]
IN_STDLIB = ["/lib/python3/tempfile.py", 256, "_mkstemp_inner"]
Row = dict[str, Any]


def context(kind: str = "fd", counter: str = "fds") -> Context:
    return Context(packages=PACKAGES, kind=kind, counters=frozenset({counter}))


def place(*stack: list[Any], function: str = "os.pipe", exact: bool = True) -> Row:
    return {"function": function, "exact": exact, "stack": list(stack)}


def rows(*candidates: Row, count: int = 5, kind: str = "pipe") -> list[Row]:
    return [{"kind": kind, "target": f"{kind}:[{at}]", "candidates": list(candidates)} for at in range(count)]


def test_the_line_that_opens_is_told_with_who_called_it() -> None:
    (told,) = explain_opened({"fds": rows(place(IN_SH, STEP))}, "pipe", context())
    assert "opens a pipe descriptor by os.pipe() at sh.py:1234 in OProc.__init__" in told.sentence
    assert "called from app.py:5 in step" in told.sentence
    assert "nothing closes it: Python knows its number only, no object is left that owns it." in told.sentence
    (hop,) = told.path
    assert (hop.label, hop.type) == ("no Python object", "pipe descriptor")
    assert hop.what == "opened by os.pipe() at sh.py:1234 in OProc.__init__"
    assert told.site == Site("/site-packages/sh.py", 1234, "OProc.__init__", callers=(Site("/srv/app.py", 5, "step"),))
    assert (told.owner.kind, told.owner.name, told.owner.version) == (OwnerKind.LIBRARY, "sh", "1.12.2")
    assert told.made_by.kind is OwnerKind.YOURS
    assert (told.explained, told.sampled) == (5, 5)
    assert "descriptor-not-closed" in [one.id for one in told.advice]


def test_what_the_standard_library_opens_is_who_asked_for_it() -> None:
    (told,) = explain_opened({"fds": rows(place(IN_STDLIB, STEP, function="os.open"))}, "pipe", context())
    assert told.owner.kind is OwnerKind.YOURS
    assert "by _mkstemp_inner() (os.open) at app.py:5 in step" in told.sentence
    assert "called from" not in told.sentence


def test_another_kind_of_descriptor_is_not_this_findings() -> None:
    assert explain_opened({"fds": rows(place(STEP))}, "socket", context()) == ()


def test_nothing_is_told_where_nothing_was_watched() -> None:
    assert explain_opened({}, "pipe", context()) == ()
    assert explain_opened({"fds": rows(place(STEP))}, "app.Session", context("python-object")) == ()


def test_the_fingerprint_does_not_depend_on_lines_and_callers() -> None:
    moved = ["/elsewhere/site-packages/sh.py", 99, "OProc.__init__"]
    (one,) = explain_opened({"fds": rows(place(IN_SH, STEP))}, "pipe", context())
    (other,) = explain_opened({"fds": rows(place(moved, ["/srv/b.py", 1, "run"]))}, "pipe", context())
    assert one.fingerprint == other.fingerprint
    (another,) = explain_opened({"fds": rows(place(STEP))}, "pipe", context())
    assert another.fingerprint != one.fingerprint


def test_of_two_threads_the_one_that_was_there_each_time_opened_it() -> None:
    true = place(IN_SH, STEP)
    beside = [place(["/srv/app.py", 40 + at, f"busy_{at}"], function="") for at in range(5)]
    told = explain_opened({"fds": [row for one in beside for row in rows(one, true, count=1)]}, "pipe", context())
    assert [one.site.function for one in told if one.site] == ["OProc.__init__"]
    assert told[0].explained == 5


def test_who_opened_it_is_not_guessed_between_two_who_fit_alike() -> None:
    two = rows(place(IN_SH, STEP), place(STEP, function="os.open"))
    assert explain_opened({"fds": two}, "pipe", context()) == ()


def test_an_opening_that_nobody_can_have_made_is_left_out() -> None:
    assert explain_opened({"fds": rows()}, "pipe", context()) == ()


def test_lines_that_are_known_exactly_are_preferred() -> None:
    vague = rows(place(["/srv/app.py", 9, "step"], function="", exact=False), count=1)
    exact = rows(place(["/srv/app.py", 7, "step"], function=""), count=4)
    (told,) = explain_opened({"fds": vague + exact}, "pipe", context())
    assert told.site == Site("/srv/app.py", 7, "step")
    assert told.explained == 5


def test_a_line_that_is_not_certain_is_said_to_be_so() -> None:
    (told,) = explain_opened({"fds": rows(place(STEP, exact=False))}, "pipe", context())
    assert told.site is not None
    assert told.site.approximate
    assert "not certain" in told.sentence


def test_where_threads_could_not_be_watched_no_line_is_certain() -> None:
    (told,) = explain_opened({"fds": rows(place(STEP)), "unseen_threads": 1}, "pipe", context())
    assert told.site is not None
    assert told.site.approximate


def test_openings_that_agree_on_no_place_are_nobodys() -> None:
    """As a thread of native code makes them: whatever Python ran just then is not to blame."""
    scattered = [row for at in range(5) for row in rows(place(["/srv/app.py", at, f"f_{at}"]), count=1)]
    assert explain_opened({"fds": scattered}, "pipe", context()) == ()


def test_python_code_is_blamed_only_when_nearly_all_openings_agree_on_it() -> None:
    mostly = rows(place(STEP, function=""), count=3) + rows(count=2)
    assert explain_opened({"fds": mostly}, "pipe", context()) == ()
    named = rows(place(STEP), count=3) + rows(count=2)
    assert [one.explained for one in explain_opened({"fds": named}, "pipe", context())] == [3]


def test_a_single_opening_is_told_as_not_certain() -> None:
    (told,) = explain_opened({"fds": rows(place(STEP), count=1)}, "pipe", context())
    assert told.site is not None
    assert told.site.approximate


def test_a_child_is_started_and_waited_for() -> None:
    started = {"children": rows(place(STEP, function="os.posix_spawn"), kind="zombie")}
    (told,) = explain_opened(started, "zombie", context("process", "children"))
    assert "starts a zombie child process by os.posix_spawn() at app.py:5 in step" in told.sentence
    assert "nothing waits for it" in told.sentence
    assert [one.id for one in told.advice] == ["zombie-child"]


def test_a_holder_leads_and_the_opening_adds_where() -> None:
    held = Explanation("app.KEPT keeps it.", held_by="app.KEPT")
    opened = explain_opened({"fds": rows(place(STEP))}, "pipe", context())
    (told,) = with_site((held,), opened)
    assert (told.sentence, told.held_by, told.site) == ("app.KEPT keeps it.", "app.KEPT", opened[0].site)


def test_a_site_that_is_known_stays() -> None:
    held = Explanation("app.KEPT keeps it.", held_by="app.KEPT", site=Site("a.py", 1, "f"))
    assert with_site((held,), explain_opened({"fds": rows(place(STEP))}, "pipe", context())) == (held,)
