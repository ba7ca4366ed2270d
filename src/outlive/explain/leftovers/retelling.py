"""The states along a holder path in the words of ends, where the explaining room speaks of steps.

Explaining knows "made by a step that has ended" and "older than the steps"; of a lifetime that is "session closed, and
still alive" and "lives longer than it". Only those phrases are exchanged; every other reason stays as it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from outlive.explain.asked import AskedHeap
from outlive.model.explanation import Explanation, Hop

_OVER = ("alive after the step that made it", "made by a step that has ended")
_OLDER = "was there before the steps that were looked at"
_THREAD = "runs in a thread that a step started and nothing has stopped"


def retold(why: Explanation, face: AskedHeap, nodes: Sequence[int], over: Callable[[int], str]) -> Explanation:
    """`nodes` are those that were explained; `over` says which end of its own a node has outlived, or what it does
    there, "" for neither."""
    on_path = _nodes_of(why, face, nodes)
    return replace(why, path=tuple(_hop(hop, over(node)) for hop, node in zip(why.path, on_path)))


def _nodes_of(why: Explanation, face: AskedHeap, nodes: Sequence[int]) -> list[int]:
    """The objects of the path that was told: the one among those of `nodes` that is written alike; zeros if none is."""
    labels = [hop.label for hop in why.path]
    for path in filter(None, map(face.path, nodes)):
        hops = path.hops()
        if [label for label, _, _ in hops] == labels:
            return [node for _, _, node in hops]
    return [0] * len(labels)


def _hop(hop: Hop, over: str) -> Hop:
    reason = hop.reason.replace(_OLDER, over or "lives longer than it").replace(
        _THREAD, "runs in a thread that goes on"
    )
    for phrase in _OVER:
        reason = reason.replace(phrase, over or "alive after its end")
    return replace(hop, reason=reason)
