"""Generators, coroutines and asynchronous generators: run to their end, or waiting in the middle."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import native_word

_NEVER_BEGUN = "never begun: was it meant to be awaited?"


def generator(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    word = native_word(heap, node)
    if word in ("finished", "closed"):
        return stuck("has run to its end, and is still referred to")
    if word == "suspended":
        return unknown("is suspended: its local variables live until it goes on or is closed")
    if word == "created" and heap.type_name(node).endswith("coroutine"):
        return unknown(_NEVER_BEGUN)
    return None


INSPECTORS = {
    "builtins.generator": generator,
    "builtins.coroutine": generator,
    "builtins.async_generator": generator,
}
