"""What was made in a scope that has ended, and is there: a request's socket, a test's thread, a call's object.

A scope's number is in the stamps of what was made in it, whatever else ran meanwhile. What it gave back, and what only
that keeps, has a longer life. Of plain objects very many rightly live on: what was imported, interned or cached on the
way. They are accused only where a collection of yours that is older than the scope, and does not call itself a cache,
has taken them in; else they are told as harmless.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from outlive.explain.leftovers.census import asked_kinds
from outlive.explain.leftovers.ended import is_collection, wanted
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.whose import class_owner, owner_of_name
from outlive.heap.paths import HolderPath
from outlive.heap.roots import RootKind
from outlive.heap.rows import EXCEPTION_KIND
from outlive.model.explanation import OwnerKind
from outlive.model.leftovers import Answer
from outlive.model.look import Scope

# Kinds of contracts' resources that no single word of `must` asks for; "everything" does.
_WITH_EVERYTHING = frozenset({"session", "server", "connection", "pool", "client"})
_MOST_OBJECTS = 500
_CACHE = re.compile(r"cache|memo|intern|lru|singleton", re.IGNORECASE)
_HEAP_TYPE = 1 << 9


class _Over:
    """A scope that has ended, with what it gave back."""

    def __init__(self, scene: Scene, holding: Holding, scope: Scope) -> None:
        self.scope = scope
        self._earnest = holding.in_earnest
        self._given = scene.nodes_at(scope.returned)
        self._without = holding.reached_without(self._given) if self._given else None

    def gave(self, node: int) -> bool:
        """Whether the object was given back, or lives only through what was."""
        if node in self._given:
            return True
        return self._without is not None and bool(self._earnest[node]) and not self._without[node]


def of_scopes(scene: Scene, holding: Holding, things: Sequence[Remain]) -> Iterator[Remain]:
    """Everything that a scope left, one row a thing."""
    over = [one for one in scene.look.scopes if one.ended_at is not None and one.number]
    if not over:
        return
    by_number = {one.number: one for one in over}
    ends: dict[int, _Over] = {}
    for thing in things:
        scope = by_number.get(thing.scope)
        if scope is None or thing.kind not in _asked(scope):
            continue
        end = ends.setdefault(scope.number, _Over(scene, holding, scope))
        if not (thing.node and end.gave(thing.node)):
            yield _left(thing, scope, holding)
    told = {thing.node for thing in things}
    for scope in over:
        if scene.scopes is not None and "garbage" in wanted(scope.must):
            end = ends.setdefault(scope.number, _Over(scene, holding, scope))
            yield from _objects(scene, holding, end, told)


def _asked(scope: Scope) -> frozenset[str]:
    kinds = asked_kinds(wanted(scope.must))
    return kinds | _WITH_EVERYTHING if "everything" in scope.must else kinds


def _left(thing: Remain, scope: Scope, holding: Holding) -> Remain:
    answer = holding.answer(thing.node) if thing.node else Answer.HELD
    return replace(
        thing,
        problem="left-behind",
        answer=answer,
        lifetime=scope.name,
        harmless=answer is not Answer.HELD or (thing.harmless and thing.kind != "thread"),
    )


# ---- plain objects -------------------------------------------------------------------------------------------------


def _objects(scene: Scene, holding: Holding, end: _Over, told: Collection[int]) -> Iterator[Remain]:
    """Instances of your classes, at most so many; what is held in earnest."""
    scope = end.scope
    for node in _instances_made_in(scene, holding, scope.number):
        if node in told or end.gave(node):
            continue
        path = holding.path(node)
        if path is None:
            continue
        yield Remain(
            "left-behind", "object", scene.type_name(node), node,
            lifetime=scope.name, made_at=scene.site(node), scope=scope.number,
            harmless=not _was_taken_in(scene, path, scope),
        )  # fmt: skip


def _instances_made_in(scene: Scene, holding: Holding, number: int) -> list[int]:
    snapshot = scene.heap.snapshot
    mine = [
        row.node
        for row in snapshot.types.values()
        if row.flags & _HEAP_TYPE and not row.flags & EXCEPTION_KIND and _is_yours(scene, row.name)
    ]
    assert scene.scopes is not None
    made = (scene.scopes == number) & holding.in_earnest & np.isin(snapshot.column("type"), mine)
    found: list[int] = np.flatnonzero(made)[:_MOST_OBJECTS].tolist()
    return found


def _is_yours(scene: Scene, type_name: str) -> bool:
    return owner_of_name(scene, type_name.rpartition(".")[0]).kind is OwnerKind.YOURS


def _was_taken_in(scene: Scene, path: HolderPath, scope: Scope) -> bool:
    """Whether a collection of yours that was there before the scope holds the first object on the way made in it."""
    if _CACHE.search(path.expression) or any("cache" in scene.type_name(node) for node in path.nodes):
        return False
    first = next((at for at, node in enumerate(path.nodes) if scene.scope(node) == scope.number), 0)
    holder = path.nodes[first - 1] if first else 0
    if not holder or not is_collection(scene, holder) or scene.type_name(path.nodes[first]) in ("module", "type"):
        return False
    return _is_older(scene, holder, path, scope) and _roots_in_yours(scene, path)


def _is_older(scene: Scene, holder: int, path: HolderPath, scope: Scope) -> bool:
    """By its stamp; a module's own collection, whose stamp is not known, is as old as the module."""
    tick = scene.tick(holder)
    if tick and scope.tick:
        return tick < scope.tick
    return path.root.kind is RootKind.MODULE and holder in path.nodes[:3]


def _roots_in_yours(scene: Scene, path: HolderPath) -> bool:
    if path.root.kind is RootKind.MODULE:
        return owner_of_name(scene, path.root.name).kind is OwnerKind.YOURS
    named = (class_owner(scene, node).kind for node in path.nodes[:-1])
    return OwnerKind.YOURS in named
