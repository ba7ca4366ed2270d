"""Findings after explaining: one faulty reference is one finding."""

from __future__ import annotations

from dataclasses import replace

from outlive.judge.regroup import Explained, regroup
from outlive.model.explanation import Explanation
from outlive.model.verdict import Evidence, Finding, Rate

ONCE = Rate(1.0, 1.0, 1.0)
NOTHING = Rate(0.0, 0.0, 0.0)


def row(counter: str, of: str) -> Evidence:
    return Evidence(counter, of, ONCE, 1000, 0, 1000, 20, 0, 1e6)


def finding(of: str, *with_it: str, counter: str = "objects", kind: str = "python-object") -> Finding:
    along = tuple(row("objects", name) for name in with_it)
    return Finding(kind, of, ONCE, NOTHING, (row(counter, of),), f"judge-{of}", with_it=along)


def why(fingerprint: str, *types: str, held_by: str = "app.sessions") -> Explanation:
    return Explanation("kept", held_by=held_by, types=types, fingerprint=fingerprint, explained=30, sampled=60)


def test_two_findings_on_one_reference_become_one() -> None:
    first, second = finding("app.Session"), finding("app.Buffer")
    found = regroup([Explained(first, (why("f1", "app.Session"),)), Explained(second, (why("f1", "app.Buffer"),))])
    assert [one.type for one in found] == ["app.Session"]
    assert [one.type for one in found[0].with_it] == ["app.Buffer"]


def test_findings_on_different_references_stay_two() -> None:
    first, second = finding("app.Session"), finding("app.Buffer")
    found = regroup([Explained(first, (why("f1", "app.Session"),)), Explained(second, (why("f2", "app.Buffer"),))])
    assert [one.fingerprint for one in found] == ["f1", "f2"]


def test_a_type_of_which_nothing_hangs_on_the_reference_gives_up_the_lead() -> None:
    judged = finding("collections.defaultdict", "builtins.function", "builtins.cell", counter="items")
    (found,) = regroup([Explained(judged, (why("f1", "builtins.cell", "builtins.function"),))])
    assert found.type == "builtins.function"
    assert {one.type for one in found.with_it} == {"collections.defaultdict", "builtins.cell"}


def test_the_leader_that_hangs_on_the_reference_keeps_the_lead() -> None:
    judged = finding("app.Session", "builtins.function")
    (found,) = regroup([Explained(judged, (why("f1", "builtins.function", "app.Session"),))])
    assert found.type == "app.Session"


def test_a_thread_stays_a_thread_whatever_hangs_on_it() -> None:
    judged = finding("", "app.Worker", counter="threads", kind="thread")
    (found,) = regroup([Explained(judged, (why("f1", "app.Worker"),))])
    assert (found.kind, found.type) == ("thread", "")


def test_what_was_not_explained_stays_as_it_was() -> None:
    judged = finding("app.Session")
    assert regroup([Explained(judged, ())]) == (judged,)


def test_further_holders_are_named_once() -> None:
    main = why("f1", "app.Session", held_by="app.sessions")
    other = why("f2", "app.Session", held_by="app.by_id")
    (found,) = regroup([Explained(finding("app.Session"), (main, other, other))])
    assert found.explanation is not None
    assert found.explanation.also_held_by == ("app.by_id",)


def test_a_holder_of_one_among_many_is_not_named() -> None:
    main = why("f1", "app.Session")
    stray = replace(why("f2", "app.Session", held_by="method cache"), explained=1)
    (found,) = regroup([Explained(finding("app.Session"), (main, stray))])
    assert found.explanation is not None
    assert found.explanation.also_held_by == ()
