"""Tokens of context variables: of no use once they were used to reset."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import native_word


def token(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """A token keeps the variable's old value; one that was not used may still be waited for."""
    if native_word(heap, node) == "used":
        return stuck("was used to reset its variable, and is still referred to")
    return unknown("a token keeps the value that its variable had before")


INSPECTORS = {"Token": token, "contextvars.Token": token, "_contextvars.Token": token}
