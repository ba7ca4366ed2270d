"""Resources of the contracts that nobody has ended: open sockets, files, sessions, executors, servers …

A contract says of a class how one sees that an object has ended. What cannot be told is not accused. The interpreter's
own are left out: standard streams, the sockets by which a loop wakes itself, a loop's own executor.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.explain.leftovers.activities import THREADS, TIMERS
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import HANDLES, TASKS, Scene
from outlive.explain.resource_state import has_ended, is_idle, resource_nodes
from outlive.model.contracts import Resource

# These are told by their own rules, which know more than a contract can say.
_TOLD_ELSEWHERE = frozenset({"task", "timer", "handle", "thread", "generator", "coroutine", "future"})
_TYPES = TASKS | TIMERS | THREADS | HANDLES | {"async_generator", "coroutine", "generator"}
_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
_OF_A_LOOP = ("_ssock", "_csock", "_selector", "_default_executor")
_SOCKETS = frozenset({"socket.socket"})  # of a loop written in C, such as uvloop's, these have no names
_INSIDE = ("buffer", "raw", "_selector")
_MOST = 20_000


def open_resources(scene: Scene) -> Iterator[Remain]:
    own = _interpreters_own(scene)
    shut = scene.nodes_at({row.address for row in scene.look.ended})
    rows = [row for row in scene.contracts.resources if row.kind not in _TOLD_ELSEWHERE and row.type not in _TYPES]
    for resource, nodes in resource_nodes(scene.heap, rows).items() if rows else ():
        for node in nodes[:_MOST]:
            if node in own or _has_no_need(scene, node, resource):
                continue
            if _is_open(scene, node, resource) or (node not in shut and _ended_by_the_exit(scene, resource)):
                yield _told(scene, node, resource)


def _has_no_need(scene: Scene, node: int, resource: Resource) -> bool:
    """Nobody began it, or that cannot be told."""
    return is_idle(scene.face, node, resource) is not False


def _is_open(scene: Scene, node: int, resource: Resource) -> bool:
    return has_ended(scene.face, node, resource) is False


def _ended_by_the_exit(scene: Scene, resource: Resource) -> bool:
    """Whether such a thing has ended now in any case, and only an ending call that was seen tells that it was ended.

    The interpreter's end lets the workers of all executors go before anybody can look, and those mark the executor.
    """
    begun = (row.begins.replace(":", ".") for row in scene.contracts.lifetimes if row.ends)
    return (
        resource.kind == "executor"
        and scene.look.reason == "exit"
        and any(place.startswith(f"{resource.type}.") for place in begun)
    )


def _told(scene: Scene, node: int, resource: Resource) -> Remain:
    return Remain(
        problem="executor-not-shut-down" if resource.kind == "executor" else "open-at-end",
        kind=resource.kind,
        type=scene.type_name(node),
        node=node,
        made_at=scene.site(node),
        end_with=resource.end_with,
        matters=resource.matters,
        harmless=resource.harmless,
        scope=scene.scope(node),
    )


def _interpreters_own(scene: Scene) -> set[int]:
    module = scene.heap.modules.node_of("sys")
    found = {scene.heap.attribute(module, name) for name in _STREAMS} if module else set()
    for loop in scene.loops:
        found |= {scene.heap.attribute(loop, name) for name in _OF_A_LOOP}
        found |= {one for one in scene.heap.rows.targets(loop) if one and scene.is_one(one, _SOCKETS)}
    for _ in _INSIDE:
        found |= {scene.heap.attribute(node, name) for node in found if node for name in _INSIDE}
    return found - {0}
