"""Tests: fixtures that were torn down, cases and items whose run is over."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import says


def case(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """unittest sets `_outcome` when a case begins and takes it back when it ends; before, there is none at all.

    A case that has not run has `_outcome` None as well, so only one made by a finished step or test is certain.
    """
    over = says(heap, node, "_outcome") == "None" and context.is_new(node) is True
    return stuck("a test case that no longer runs") if over else None


def fixture_request(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """pytest's items lose their request (`_request` is False) after the run protocol."""
    return stuck("its test has ended") if says(heap, node, "_request") == "False" else None


INSPECTORS = {"unittest.case.TestCase": case, "_pytest.python.Function": fixture_request}
