"""Cycles that the collector cannot see: an object that keeps itself alive through references native code hides.

Told by what the outliver itself reaches. A type that hides references and is reached in a few hops from an object
that nobody else explains closes the circle, most likely; that it does cannot be read from the heap, so it is said as
likely and never as certain.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.kinds import plain

_DEEPEST = 6
_MOST_NODES = 400
# Types that are known to refer to objects without telling the collector: what hides them, and where it is known from.
_HIDING = {
    "_pickle.Pickler": "its memo",  # bpo-41422; seen on 3.10.13
    "_pickle.Unpickler": "its memo",
    "pydantic_core._pydantic_core.ValidatorIterator": "what it validates",  # pydantic-core #1271
    "pydantic_core.ValidatorIterator": "what it validates",
}


@dataclass(frozen=True)
class Hiding:
    """An object whose native code hides references: its node, its type, and what hides them."""

    node: int
    type: str
    by: str


def hiding_near(heap: AskedHeap, node: int, context: Context) -> Hiding | None:
    """The nearest object that is reached from `node` and is known to hide references."""
    seen, waiting = {node}, deque([(node, 0)])
    while waiting and len(seen) < _MOST_NODES:
        at, depth = waiting.popleft()
        kind = plain(heap.type_name(at))
        if kind in _HIDING:
            return Hiding(at, kind, _HIDING[kind])
        if depth < _DEEPEST:
            fresh = [one.target for one in heap.references(at) if _is_near(heap, one.target, context, seen)]
            seen.update(fresh)
            waiting.extend((one, depth + 1) for one in fresh)
    return None


def hiding_words(hiding: Hiding | None) -> str:
    """ "_pickle.Pickler (its memo)"; "" where nothing hides."""
    return f"{hiding.type} ({hiding.by})" if hiding else ""


def _is_near(heap: AskedHeap, node: int, context: Context, seen: set[int]) -> bool:
    """Classes and modules lead everywhere, and what is older than the steps closes no circle of a step's."""
    if not node or node in seen or context.is_new(node) is False:
        return False
    return plain(heap.type_name(node)) not in ("module", "type", "frame", "interpreter", "thread", "function")
