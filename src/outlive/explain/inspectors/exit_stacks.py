"""Context managers made with contextlib: exited, and still kept."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import native_word


def generator_manager(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`@contextmanager`: its generator has run to the end when the block was left."""
    inner = heap.attribute(node, "gen")
    over = inner and native_word(heap, inner) in ("finished", "closed")
    return stuck("its with block was left, and it is still referred to") if over else None


def exit_stack(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """Exiting empties the stack; an empty one may also be new. What waits in it is worth a word."""
    waiting = heap.attribute(node, "_exit_callbacks")
    if waiting and next(iter(heap.elements(waiting)), 0):
        return unknown("its exit callbacks have not run: it was not closed")
    return None


INSPECTORS = {
    "contextlib._GeneratorContextManager": generator_manager,
    "contextlib._AsyncGeneratorContextManager": generator_manager,
    "contextlib._BaseExitStack": exit_stack,
}
