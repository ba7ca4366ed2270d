"""Iterators that have nothing left to give, and memory views that were released."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import native_word

_ITERATORS = (
    "list_iterator", "list_reverseiterator", "tuple_iterator", "dict_keyiterator", "dict_valueiterator",
    "dict_itemiterator", "set_iterator", "str_iterator", "bytes_iterator", "enumerate", "zip", "map",
    "filter", "reversed", "callable_iterator", "iterator",
)  # fmt: skip


def exhausted(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """An iterator at its end gives up what it iterated."""
    return stuck("exhausted, and still referred to") if native_word(heap, node) == "exhausted" else None


def released(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck("released, and still referred to") if native_word(heap, node) == "released" else None


INSPECTORS = {**{f"builtins.{name}": exhausted for name in _ITERATORS}, "builtins.memoryview": released}
