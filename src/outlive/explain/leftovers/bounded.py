"""One variable keeps one object: a closed session in `app.session` is no leak, a thousand in `app.sessions` are.

A way from a root that leads through variables and attributes alone can hold one object and never more; who wrote it
may well have left it there until the variable goes. Such a holder is told and fails nothing. A collection, a callback,
an exception, a task or a timer on the way is another matter: there is no bound to what those keep, or they act.

A local variable of a suspended coroutine counts as one when the coroutine is the surroundings of the object, not its
doing: somebody runs the loop for it, it is older than the object, or the object was made in it.
"""

from __future__ import annotations

from outlive.explain.leftovers.activities import Activity
from outlive.explain.leftovers.scene import Scene
from outlive.heap.naming import GENERATORS
from outlive.heap.paths import HolderPath
from outlive.heap.rows import DICT_KIND, EXCEPTION_KIND, LIST_KIND
from outlive.model.explanation import Site

_RUNS = GENERATORS | {"frame"}
_NAMESPACE_MOST = 256
_NOT_PLAIN = frozenset(
    {
        "function", "method", "builtin_function_or_method", "functools.partial", "cell", "traceback", "set",
        "frozenset", "collections.deque", "weakref", "functools._lru_cache_wrapper", "_asyncio.Future",
    }
)  # fmt: skip


def is_bounded(scene: Scene, path: HolderPath, activity: Activity | None, made_tick: int, made_at: Site | None) -> bool:
    """Whether the way to the last node can hold one object only, and nothing acts on it."""
    nodes = path.nodes[:-1]
    runs = max((at for at, node in enumerate(nodes) if scene.type_name(node) in _RUNS), default=-1)
    if runs >= 0 and _made_in(scene, nodes[runs], made_at) and len(nodes) - runs == 1:
        return True
    if activity is not None and not _is_surroundings(scene, activity, made_tick):
        return False
    beyond = nodes[runs + 1 :] if runs >= 0 else nodes
    holders = [*([nodes[runs]] if runs >= 0 else []), *beyond]
    if runs >= 0 and activity is None and not _is_running(scene, nodes[runs]):
        return False  # a suspended generator or coroutine that no task runs
    return all(_is_plain(scene, node, before) for node, before in zip(holders, [0, *holders]))


def _made_in(scene: Scene, runs: int, made_at: Site | None) -> bool:
    """Whether the object was made by the function whose variable holds it."""
    if made_at is None:
        return False
    file, _line = scene.heap.location(runs)
    name = scene.heap.naming.function_name(runs).rpartition(".")[2]
    return bool(file) and made_at.file == file and made_at.function.rpartition(".")[2] == name


def _is_surroundings(scene: Scene, activity: Activity, made_tick: int) -> bool:
    """A main task or thread, or one that is older than the object."""
    own = scene.tick(activity.node)
    return activity.main or (0 < own < made_tick)


def _is_running(scene: Scene, node: int) -> bool:
    return scene.type_name(node) == "frame" or scene.word(node) == "running"


def _is_plain(scene: Scene, node: int, before: int) -> bool:
    """An instance, a module, a frame, or a dict that is a namespace."""
    heap = scene.heap
    kind = scene.type_name(node)
    if kind in _RUNS or kind == "module" or node in heap.modules.dicts:
        return True
    if kind in _NOT_PLAIN or heap.rows.is_kind(node, LIST_KIND) or heap.rows.is_kind(node, EXCEPTION_KIND):
        return False
    if heap.rows.is_kind(node, DICT_KIND):
        own = before and node in (heap.values.instance_dict(before), heap.rows.type_dict(before))
        return bool(own) or _is_namespace(scene, node)
    return True


def _is_namespace(scene: Scene, node: int) -> bool:
    """Names for things of several types, as settings are; a collection holds one type under many keys."""
    if scene.heap.rows.degree(node) > _NAMESPACE_MOST:
        return False
    items = list(scene.heap.items(node))
    types = {scene.heap.rows.type_node(value) for _, value in items}
    return len(types) > 1 and all(scene.type_name(key) == "str" for key, _ in items)
