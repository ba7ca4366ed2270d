"""Many things, few mistakes: what is seen twice is one thing, what hangs on another is that one's, alike ones count.

1. Two rules may see one thing: the graver problem leads, the other stays as a line of evidence.
2. A thing that is alive only because another left-over thing is, is that one's: cut the other's references, and it is
   not reached any more. A graver problem is never hidden behind a lesser one; an open resource takes only what is
   open inside it.
3. Things of one problem, kind, type, end and place, that are held in one way, are one mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from outlive.explain.asked import AskedHeap
from outlive.explain.leftovers.ended import is_collection
from outlive.explain.leftovers.holding import Flags, Holding
from outlive.explain.leftovers.problems import problem
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.links import chain_of, shape, short, steady, unnumbered
from outlive.explain.owner import place_of
from outlive.model.leftovers import Answer, StuckGrade

# Things of these kinds act by themselves: who keeps them differs from one to the next and says little.
ACTING = frozenset({"task", "timer", "thread", "process", "coroutine"})
_OPEN = frozenset({"open-at-end", "executor-not-shut-down", "left-open", "left-behind"})


@dataclass(frozen=True)
class Group:
    """Alike things, and what hangs on them."""

    members: tuple[Remain, ...]
    hanging: tuple[Remain, ...] = ()

    @property
    def first(self) -> Remain:
        return self.members[0]


def grouped(remains: Iterable[Remain], scene: Scene, holding: Holding, face: AskedHeap) -> list[Group]:
    single = _by_node(remains)
    heads, hanging = _absorbed(single, holding)
    groups: dict[tuple[object, ...], list[Remain]] = {}
    ways = _Ways(scene, holding, face)
    for one in heads:
        groups.setdefault(_key(one, ways), []).append(one)
    return [
        Group(tuple(members), tuple(each for one in members for each in hanging.get(one.node, ()) if one.node))
        for members in groups.values()
    ]


# ---- 1. one thing, seen by several rules ---------------------------------------------------------------------------


def _by_node(remains: Iterable[Remain]) -> list[Remain]:
    by_node: dict[int, list[Remain]] = {}
    loose = []
    for one in remains:
        if one.node:
            by_node.setdefault(one.node, []).append(one)
        else:
            loose.append(one)
    return [*(_led(rows) for rows in by_node.values()), *loose]


def _led(rows: list[Remain]) -> Remain:
    rows.sort(key=lambda one: (one.harmless, problem(one.problem).rank))
    first, *others = rows
    evidence = list(first.evidence)
    for other in others:
        if other.about and other.about != first.about:
            evidence.append(f"it keeps the {short(other.owned)} ({other.lifetime}), too")
        if other.problem != first.problem:
            evidence.append(f"also: {problem(other.problem).title}")
            evidence += [line for line in other.evidence if line not in evidence]
    grade = max((one.stuck for one in rows), key=tuple(StuckGrade).index)
    name = next((one.name for one in rows if one.name), "")
    first = _with_owner(first, others)
    return replace(first, stuck=grade, name=name, evidence=tuple(dict.fromkeys(evidence)))


def _with_owner(one: Remain, others: Sequence[Remain]) -> Remain:
    """With the object that it keeps and whose end it has outlived, where another rule knows."""
    knows = next((other for other in others if other.about), None)
    if one.owned or knows is None:
        return one
    return replace(one, owned=knows.owned, lifetime=knows.lifetime, about=knows.about, ended_at=knows.ended_at)


# ---- 2. what hangs on what -----------------------------------------------------------------------------------------


def _absorbed(remains: Sequence[Remain], holding: Holding) -> tuple[list[Remain], Mapping[int, list[Remain]]]:
    held = {one.node: one for one in remains if one.node and one.answer is Answer.HELD}
    if len(held) < 2:
        return list(remains), {}
    above = {node: _nearest_above(held[node], held, holding) for node in held}
    takers = {node for node in above.values() if node}
    if not takers:
        return list(remains), {}
    without = holding.reached_without(takers)
    hanging: dict[int, list[Remain]] = {}
    taken = set()
    for node, taker in above.items():
        if taker and not without[node]:
            hanging.setdefault(_top(taker, above, without), []).append(held[node])
            taken.add(node)
    return [one for one in remains if one.node not in taken or not one.node], hanging


def _top(taker: int, above: Mapping[int, int], without: Flags) -> int:
    """The one that takes the taker, as far up as this goes."""
    seen = {taker}
    while (higher := above.get(taker, 0)) and higher not in seen and not without[taker]:
        seen.add(higher)
        taker = higher
    return taker


def _nearest_above(one: Remain, held: Mapping[int, Remain], holding: Holding) -> int:
    """The first left-over thing on the way to this one that may take it; 0: none."""
    path = holding.path(one.node)
    for node in path.nodes[:-1] if path is not None else ():
        other = held.get(node)
        if other is not None and _may_take(other, one):
            return node
    return 0


def _may_take(other: Remain, one: Remain) -> bool:
    if other.harmless and not one.harmless:
        return False
    if other.problem in _OPEN:
        return one.problem in _OPEN
    return problem(other.problem).rank <= problem(one.problem).rank


# ---- 3. alike ones -------------------------------------------------------------------------------------------------


def _key(one: Remain, ways: _Ways) -> tuple[object, ...]:
    place = place_of(one.made_at)
    own = (one.problem, one.kind, one.type, one.owned, one.lifetime, one.answer, one.harmless, place)
    if one.kind in ACTING or not one.node or one.answer is not Answer.HELD:
        return (*own, unnumbered(steady(one.name)) if one.kind in ACTING and one.kind != "process" else "")
    return (*own, ways.of(one))


class _Ways:
    """How things are held; of a row of alike links, as in a chain of closures, one.

    Very many may be in one collection, and are held alike: the way of the first stands for all of their type.
    """

    def __init__(self, scene: Scene, holding: Holding, face: AskedHeap) -> None:
        self._scene, self._holding, self._face = scene, holding, face
        self._known: dict[tuple[int, str], tuple[tuple[str, str], ...]] = {}

    def of(self, one: Remain) -> tuple[tuple[str, str], ...]:
        path = self._holding.path(one.node)
        if path is None:
            return ()
        holder = path.nodes[-2] if len(path.nodes) > 1 else 0
        if not holder or not is_collection(self._scene, holder):
            return shape(chain_of(self._face, path).links)
        key = holder, one.type
        if key not in self._known:
            self._known[key] = shape(chain_of(self._face, path).links)
        return self._known[key]


def what_hangs(group: Group) -> tuple[str, ...]:
    """ "keeps alive with it: 2 Connection (connection closed), 1 open socket"."""
    counted = Counter(_called(one) for one in group.hanging)
    if not counted:
        return ()
    return ("keeps alive with it: " + ", ".join(f"{count} {name}" for name, count in counted.most_common(5)),)


def _called(one: Remain) -> str:
    if one.ended_at or one.problem in ("outlived", "listener-not-removed"):
        return f"{short(one.type)} ({one.lifetime})"
    return f"{one.kind} ({problem(one.problem).title})"
