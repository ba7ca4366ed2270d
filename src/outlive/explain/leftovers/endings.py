"""Two of the ends that the census is held against: of the program or its loop, and of an owner. See `scopes`, too.

- At the end of the program everything that is open is left over; when a loop ends, what lived in it.
- An owner that was closed must have taken with it what its contract names and what belongs to it alone: what nothing
  else in the program would keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from outlive.explain.leftovers.census import asked_kinds
from outlive.explain.leftovers.ended import wanted
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.in_use import user_of
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.model.leftovers import Answer
from outlive.model.look import Ended

_OF_A_LOOP = frozenset({"task", "timer", "generator", "coroutine", "transport"})
_DEEPEST = 64


def at_the_end(scene: Scene, holding: Holding, things: Sequence[Remain]) -> Iterator[Remain]:
    """What the end of the program, or of its loop, finds open."""
    if not scene.at_end and not scene.loop_ends:
        return
    for one in things:
        if scene.loop_ends and one.kind not in _OF_A_LOOP:
            continue
        answer = holding.answer(one.node) if one.node else Answer.HELD
        notes = _notes(scene, one, answer)
        harmless = one.harmless or answer in (Answer.IN_FLIGHT, Answer.HARNESS)
        if one.node and not harmless and (user := user_of(scene, holding, one.node)):
            harmless, notes = True, (user,)
        if one.problem == "cancel-not-run" and scene.loop_ends:
            harmless, notes = True, ("the loop is about to tell it, as it ends",)
        lifetime = "the event loop" if scene.loop_ends else "the program"
        yield replace(
            one, answer=answer, harmless=harmless, lifetime=lifetime, evidence=(*one.evidence, *notes)
        )  # fmt: skip


def _notes(scene: Scene, one: Remain, answer: Answer) -> tuple[str, ...]:
    if answer is Answer.CYCLE and one.node:
        return ("nothing holds it any more: only the collector would end it",)
    return ()


def of_owners(scene: Scene, ended: Mapping[int, Ended], things: Sequence[Remain]) -> Iterator[Remain]:
    """What belongs to an ended object alone and should have ended with it."""
    for one in things:
        owner = _owner(scene, one.node, ended) if one.node and one.node not in ended else 0
        row = ended.get(owner)
        if row is None or one.kind not in asked_kinds(wanted(row.must)):
            continue
        yield replace(
            one,
            problem="left-open",
            owned=scene.type_name(owner),
            lifetime=row.lifetime,
            ended_at=row.site,
            harmless=row.fate != "",
            evidence=(*one.evidence, "nothing else in the program refers to it"),
        )


def _owner(scene: Scene, node: int, ended: Mapping[int, Ended]) -> int:
    """The nearest ended object without which this one would not be alive; 0: none."""
    at = node
    for _ in range(_DEEPEST):
        at = scene.heap.dominator(at)
        if not at or at in ended:
            return at
    return 0
