"""Age: what was there before the steps is expected, what a finished step made is stuck. Needs stamps or a snapshot."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, expected, stuck


def older(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return expected("was there before the steps that were looked at") if context.is_new(node) is False else None


def newer(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    if not context.is_new(node):
        return None
    step = context.step_of(node)
    return stuck("made by a step that has ended" if step is None else f"made in step {step}, which has ended")
