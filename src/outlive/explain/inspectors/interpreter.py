"""What lives as long as the process or is running right now: modules, frames of threads, the interpreter's own."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, expected
from outlive.explain.kinds import kinds_of, native_word, plain

_PSEUDO = {
    "interpreter": "the interpreter keeps it until it ends",
    "thread": "the interpreter keeps it while the thread runs",
    "shared keys": "belongs to a class",
}


def inspect(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    kind = plain(heap.type_name(node))
    if kind in _PSEUDO:
        return expected(_PSEUDO[kind])
    if kind == "frame":  # a traceback keeps frames that have ended
        return expected("is running") if heap.thread_at(node) else None
    if kind in ("coroutine", "generator", "async_generator"):
        return expected("is running") if native_word(heap, node) == "running" else None
    if "module" in kinds_of(heap, node):
        return _module(heap, node, context)
    return None


def _module(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """A module made by hand and never imported is an object like any other; only old or named ones are taken for real.

    `__spec__` is what the import system sets; `__main__` and modules of C code may lack it.
    """
    imported = heap.attribute(node, "__spec__") or heap.what(node) in ("__main__", "module '__main__'", "'__main__'")
    made_by_hand = context.is_new(node) and not imported
    return None if made_by_hand else expected("a module lives as long as the process")
