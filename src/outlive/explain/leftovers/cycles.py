"""By which references an object that waits for the collector leads back to itself: the cycle, and where it closes.

Cut there, and it would have gone by itself. Only the shortest way for each last reference is told, and few of them.
"""

from __future__ import annotations

from collections import deque

from outlive.explain.leftovers.scene import Scene
from outlive.explain.links import short

_MOST_NODES, _MOST_WAYS, _LONGEST = 5_000, 3, 16


def closing_words(scene: Scene, node: int) -> tuple[str, ...]:
    """ "the cycle closes at `Client.events._handlers['news'][0].__self__`, which is it again", a line for each way."""
    name = short(scene.type_name(node))
    ways = dict.fromkeys(_way(scene, nodes) for nodes in _cycles(scene, node))
    return tuple(f"the cycle closes at `{name}{way}`, which is the {name} again" for way in ways if way)[:_MOST_WAYS]


def _cycles(scene: Scene, node: int) -> list[list[int]]:
    """Ways from the object back to it, the shortest first, none through its type or out of its component."""
    components = scene.heap.graph.components
    own, rows = components[node], scene.heap.rows
    before: dict[int, int] = {node: 0}
    waiting: deque[int] = deque([node])
    found: list[list[int]] = []
    while waiting and len(before) < _MOST_NODES and len(found) < _MOST_WAYS:
        at = waiting.popleft()
        for target in dict.fromkeys(rows.targets(at)):
            if target == node:
                found.append([*_back(before, at), node])
            elif target and target not in before and components[target] == own:
                before[target] = at
                waiting.append(target)
    return [nodes for nodes in found if len(nodes) <= _LONGEST]


def _back(before: dict[int, int], node: int) -> list[int]:
    nodes = [node]
    while before[nodes[-1]]:
        nodes.append(before[nodes[-1]])
    return nodes[::-1]


def _way(scene: Scene, nodes: list[int]) -> str:
    """The references as one expression: ".events._handlers['news'][0].__self__"."""
    return "".join(step.label for step in scene.heap.routes.path_along(nodes).steps[1:])
