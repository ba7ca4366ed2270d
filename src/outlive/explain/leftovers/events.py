"""What was noticed when it happened: a swallowed cancellation, a failed enter, a lost task, a coroutine never awaited.

An event alone is a mistake in the program, and leaves something behind only where its object is still there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from outlive.explain.kinds import plain
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import LOOPS, Scene
from outlive.explain.leftovers.tasks_of import name_of
from outlive.model.leftovers import Answer
from outlive.model.look import Event

_KINDS = {"swallowed-cancellation": "task", "task-lost": "task", "never-awaited": "coroutine", "enter-raised": "object"}
_NEAR, _WIDE, _MOST = 10, 64, 2_000
# What acts by itself is told as such, and a loop is nobody's who merely runs in it.
_NOT_ACQUIRED = frozenset({"task", "timer", "thread", "coroutine", "generator", "event loop", "loop"})
_COMMON = frozenset({"type", "module", "function", "code", "frame", "builtin_function_or_method", "weakref"})
_ENTERS = ("__enter__", "__aenter__")


def event_remains(
    scene: Scene, holding: Holding, things: Sequence[Remain], causes: Collection[str] = ()
) -> Iterator[Remain]:
    """`causes` are tasks whose swallowed cancellation is told as the cause of something graver."""
    for event in scene.look.events:
        if event.kind in _KINDS and not (event.what in causes and not _node_of(scene, event)):
            yield from _told(scene, holding, event, things)


def _told(scene: Scene, holding: Holding, event: Event, things: Sequence[Remain]) -> Iterator[Remain]:
    node = _node_of(scene, event)
    answer = holding.answer(node) if node else Answer.CYCLE
    one = Remain(
        problem=event.kind,
        kind=_KINDS[event.kind],
        type=plain(event.type) or _KINDS[event.kind],
        node=node,
        answer=answer,
        name=event.what,
        made_at=scene.line_to_tell(event.site),
        evidence=(event.detail,) if event.detail else (),
        harmless=event.kind == "swallowed-cancellation" and answer is not Answer.HELD,
        scope=event.scope,
    )
    if event.kind != "enter-raised":
        yield one
        return
    near = _near(scene, holding, node) if node else frozenset()
    acquired = [thing for thing in things if _acquired_in(event, thing, near)]
    if acquired:
        yield from (_left_by(scene, event, thing) for thing in acquired)
    else:
        yield replace(one, harmless=True, evidence=(*one.evidence, "nothing was found that it left open"))


def _node_of(scene: Scene, event: Event) -> int:
    """Its object; 0 where it is gone, and its address may be another's.

    A task's address is soon another task's: then it runs another coroutine, or is younger than what the event tells.
    """
    node = scene.node_at(event.address) if event.address else 0
    if not node or (event.type and scene.type_name(node) != plain(event.type)):
        return 0
    if _KINDS[event.kind] != "task":
        return node
    runs = name_of(scene, node)
    coroutine = event.what.rpartition("(")[2].rstrip(")") if event.what.endswith(")") else ""
    is_another = coroutine != "" and runs != "a task" and coroutine.replace(".<locals>", "") != runs
    return 0 if is_another or 0 < event.tick < scene.tick(node) else node


def _acquired_in(event: Event, thing: Remain, near: frozenset[int]) -> bool:
    """Made in the method that failed, or something open that its object leads to or is kept by.

    Where the object is there, what it does not lead to is another's: two classes may have such a method.
    """
    if thing.kind in _NOT_ACQUIRED:
        return False
    if thing.node and near:
        return thing.node in near
    frames = (thing.made_at, *thing.made_at.callers) if thing.made_at else ()
    types = plain(event.type).rpartition(".")[2]
    return any(_is_enter(frame.function, types) for frame in frames)


def _near(scene: Scene, holding: Holding, node: int) -> frozenset[int]:
    """What the object refers to a few steps on, and the way by which it is held; never through what everybody knows."""
    path = holding.path(node)
    way = path.nodes if path is not None else ()
    begins = max((at for at, one in enumerate(way) if scene.is_one(one, LOOPS)), default=-1)
    own = set(way[begins + 1 :])
    # A transport is what the loop knows; its socket is what stays open. By reference, for attributes may lack names.
    transports = [one for one in own if scene.type_name(one).endswith("Transport")]
    sockets = {target for one in transports for target in scene.heap.rows.targets(one) if target}
    found = {node, *own, *(one for one in sockets if not _is_common(scene, one))}
    layer = {node}
    for _ in range(_NEAR):
        if len(found) > _MOST:
            break
        targets = {target for one in layer for target in scene.heap.rows.targets(one)[:_WIDE] if target}
        layer = {one for one in targets - found if not _is_common(scene, one)}
        found |= layer
    return frozenset(found)


def _is_common(scene: Scene, node: int) -> bool:
    kind = scene.type_name(node)
    return kind in _COMMON or scene.is_one(node, LOOPS) or node in scene.heap.modules.dicts


def _is_enter(function: str, type_name: str) -> bool:
    """ "Client.__aenter__" of a Client; before 3.11 a function's class is not known."""
    before, _, name = function.rpartition(".")
    return name in _ENTERS and (not before or before.rpartition(".")[2] == type_name)


def _left_by(scene: Scene, event: Event, thing: Remain) -> Remain:
    return replace(
        thing,
        problem="enter-raised",
        owned=plain(event.type),
        lifetime=f"{plain(event.type)} could not be entered",
        ended_at=event.site,
        harmless=False,
        evidence=(*thing.evidence, *((event.detail,) if event.detail else ())),
    )
