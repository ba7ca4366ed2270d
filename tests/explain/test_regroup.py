"""Findings after explaining: one faulty reference is one finding, two are two."""

from __future__ import annotations

from dataclasses import replace

from outlive.explain.regroup import Explained, regroup
from outlive.model.explanation import Explanation, Hop
from outlive.model.verdict import Evidence, Finding, Rate

ONCE = Rate(1.0, 1.0, 1.0)
NOTHING = Rate(0.0, 0.0, 0.0)


def row(counter: str, of: str) -> Evidence:
    return Evidence(counter, of, ONCE, 1000, 0, 1000, 20, 0, 1e6)


def finding(of: str, *with_it: str, counter: str = "objects", kind: str = "python-object") -> Finding:
    along = tuple(row("objects", name) for name in with_it)
    return Finding(kind, of, ONCE, NOTHING, (row(counter, of),), f"judge-{of}", with_it=along)


def why(
    fingerprint: str, *types: str, held_by: str = "app.sessions", also: tuple[str, ...] = (), explained: int = 30
) -> Explanation:
    return Explanation(
        "kept",
        held_by=held_by,
        also_held_by=also,
        types=types,
        fingerprint=fingerprint,
        explained=explained,
        sampled=60,
    )


def test_two_findings_on_one_reference_become_one() -> None:
    first, second = finding("app.Session"), finding("app.Buffer")
    found = regroup([Explained(first, (why("f1", "app.Session"),)), Explained(second, (why("f1", "app.Buffer"),))])
    assert [one.type for one in found] == ["app.Session"]
    assert [one.type for one in found[0].with_it] == ["app.Buffer"]


def test_findings_on_different_references_stay_two() -> None:
    first, second = finding("app.Session"), finding("app.Buffer")
    found = regroup([Explained(first, (why("f1", "app.Session"),)), Explained(second, (why("f2", "app.Buffer"),))])
    assert [one.fingerprint for one in found] == ["f1", "f2"]


def test_one_finding_on_two_references_becomes_two() -> None:
    judged = finding("app.Session", "app.Buffer", "tuple")
    sessions = why("f1", "app.Session", "tuple")
    buffers = why("f2", "app.Buffer", held_by="app.buffers")
    found = regroup([Explained(judged, (sessions, buffers))], {"app"})
    assert [(one.type, one.fingerprint) for one in found] == [("app.Session", "f1"), ("app.Buffer", "f2")]
    assert [one.type for one in found[0].with_it] == ["tuple"]


def test_what_the_main_holder_holds_too_is_no_mistake_of_its_own() -> None:
    judged = finding("app.Session", "_thread.lock")
    main = why("f1", "app.Session")
    locks = why("f2", "_thread.lock", held_by="threading._shutdown_locks", also=("app.sessions['u7'].lock",))
    (found,) = regroup([Explained(judged, (main, locks))])
    assert [one.type for one in found.with_it] == ["_thread.lock"]


def test_weak_references_are_no_mistake_of_their_own() -> None:
    judged = finding("app.Session", "weakref.ReferenceType")
    hop = Hop("[7]", "[*]", "weakref.ReferenceType", faulty=True)
    weak = replace(why("f2", "weakref.ReferenceType", held_by="app.watched"), path=(hop,))
    keys = why("f3", "int", held_by="app.watched")
    (found,) = regroup([Explained(judged, (weak, keys, why("f1", "app.Session")))])
    assert found.fingerprint == "f1"


def test_a_holder_of_one_among_many_is_not_told() -> None:
    stray = why("f2", "app.Passing", held_by="method cache", explained=1)
    (found,) = regroup([Explained(finding("app.Session", "app.Passing"), (why("f1", "app.Session"), stray))])
    assert found.explanation is not None
    assert found.explanation.also_held_by == ()


def test_the_leader_changes_when_it_hangs_on_the_other_reference() -> None:
    judged = finding("app.Session", "app.Buffer")
    buffers, sessions = why("f1", "app.Buffer", held_by="app.buffers"), why("f2", "app.Session")
    found = regroup([Explained(judged, (buffers, sessions))], {"app"})
    assert [(one.type, one.fingerprint) for one in found] == [("app.Buffer", "f1"), ("app.Session", "f2")]


def test_a_type_of_which_nothing_hangs_on_the_reference_gives_up_the_lead() -> None:
    judged = finding("collections.defaultdict", "function", "cell", counter="items")
    (found,) = regroup([Explained(judged, (why("f1", "cell", "function"),))])
    assert found.type == "function"
    assert {one.type for one in found.with_it} == {"collections.defaultdict", "cell"}


def test_the_leader_that_hangs_on_the_reference_keeps_the_lead() -> None:
    (found,) = regroup([Explained(finding("app.Session", "function"), (why("f1", "function", "app.Session"),))])
    assert found.type == "app.Session"


def test_a_thread_stays_a_thread_whatever_hangs_on_it() -> None:
    judged = finding("", "app.Worker", counter="threads", kind="thread")
    (found,) = regroup([Explained(judged, (why("f1", "app.Worker"),))])
    assert (found.kind, found.type) == ("thread", "")


def test_what_was_not_explained_stays_as_it_was() -> None:
    judged = finding("app.Session")
    assert regroup([Explained(judged, ())]) == (judged,)


def test_two_findings_without_explanation_stay_two() -> None:
    both = finding("app.Session"), finding("app.Buffer")
    assert regroup([Explained(one, ()) for one in both]) == both
