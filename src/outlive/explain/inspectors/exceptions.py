"""Exceptions and tracebacks: nobody can say that they are over, but what they keep is worth a word."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, unknown
from outlive.explain.kinds import says


def exception(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """An exception is often kept rightly, as a result or in a report; its traceback keeps every frame it passed."""
    trace = heap.attribute(node, "__traceback__")
    if trace and says(heap, node, "__traceback__") != "None":
        return unknown("a kept exception keeps its traceback, and so each frame's local variables")
    return None


def traceback(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return unknown("a kept traceback keeps each frame's local variables")


INSPECTORS = {"builtins.BaseException": exception, "builtins.traceback": traceback}
