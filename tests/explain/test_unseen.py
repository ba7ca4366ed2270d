"""Findings without any object to ask: what is known is said, nothing is made up."""

from __future__ import annotations

from outlive.explain.context import Context
from outlive.explain.unseen import explain_unseen
from outlive.model.explanation import OwnerKind


def test_a_descriptor_without_an_owner_is_said_to_have_none() -> None:
    (told,) = explain_unseen("pipe", Context(kind="fd", counters=frozenset({"fds"})))
    assert "pipe descriptors" in told.sentence
    assert told.path == ()
    assert told.owner.kind is OwnerKind.UNKNOWN


def test_two_kinds_of_descriptors_are_two_mistakes() -> None:
    first, second = (explain_unseen(kind, Context(kind="fd"))[0].fingerprint for kind in ("pipe", "socket"))
    assert first != second


def test_of_a_python_object_without_outlivers_nothing_is_said() -> None:
    assert explain_unseen("app.Session", Context(kind="python-object")) == ()
