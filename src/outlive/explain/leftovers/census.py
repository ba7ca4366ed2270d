"""Everything at this moment that will have to be ended by somebody, one row each, whoever asks for it."""

from __future__ import annotations

from outlive.explain.leftovers.going_on import going_on
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.resources import open_resources
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.world import open_things, with_names


def census(scene: Scene) -> tuple[Remain, ...]:
    """Of each thing one row: that of the first rule that knows it. A thread may be more than that: a contract that says
    who must end it, as of an observer, goes before the rule that leaves threads alone."""
    by_node: dict[int, Remain] = {}
    for one in with_names(scene, (*going_on(scene), *open_resources(scene))):
        known = by_node.setdefault(one.node, one)
        if known.harmless and not one.harmless:
            by_node[one.node] = one
    return (*by_node.values(), *open_things(scene, by_node))


# Which words of a contract's `must` ask for which kinds of things.
ASKED = {
    "tasks": frozenset({"task"}),
    "timers": frozenset({"timer"}),
    "handles": frozenset({"handle", "timer"}),
    "transports": frozenset({"transport"}),
    "sockets": frozenset({"socket"}),
    "fds": frozenset({"fd", "socket", "file", "pipe", "transport"}),
    "threads": frozenset({"thread"}),
    "children": frozenset({"process"}),
    "executors": frozenset({"executor"}),
    "temp-files": frozenset({"temp-file"}),
    "generators": frozenset({"generator", "coroutine"}),
}


def asked_kinds(must: frozenset[str]) -> frozenset[str]:
    """The kinds of things that these words ask to be gone."""
    return frozenset().union(*(ASKED[word] for word in must if word in ASKED))
