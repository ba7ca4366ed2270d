"""Classes: normally as old as their module. One made by a step is judged by its age, before this is asked."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, expected
from outlive.explain.kinds import is_class


def inspect(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return expected("a class lives as long as its module") if _is_of_a_module(heap, node) else None


def _is_of_a_module(heap: AskedHeap, node: int) -> bool:
    """Classes made inside a function carry "<locals>" in their name and may be meant to go."""
    return is_class(heap, node) and "<locals>" not in heap.what(node)
