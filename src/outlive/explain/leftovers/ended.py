"""Objects whose lifetime has ended and that are still there: which of the four answers, and what keeps them.

Held in earnest, the way says what sort of mistake it is: a task, timer or thread of theirs goes on (made after the
close, or not ended by it), a listener was not removed, or something simply still refers to them. Where something that
goes on keeps the object, that is what is left, and the object is what is told of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from outlive.explain.leftovers.activities import CALLABLES, Activity, activity_on
from outlive.explain.leftovers.bounded import is_bounded
from outlive.explain.leftovers.cycles import closing_words
from outlive.explain.leftovers.harness import OUTLIVE, who
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.making import cause, made_after, swallowed_for, timing
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.tasks_of import goes_on_after_cancel
from outlive.heap.paths import HolderPath
from outlive.heap.rows import DICT_KIND, LIST_KIND
from outlive.model.contracts import MUST
from outlive.model.leftovers import Answer
from outlive.model.look import Ended

_GOES_ON = {"task": "task-goes-on", "timer": "timer-not-cancelled", "thread": "thread-goes-on"}
_COLLECTIONS = frozenset({"set", "frozenset", "collections.deque", "tuple"})
# In a program that goes on, what ended so shortly before may be on its way out: its handler still returns, its server
# is about to forget it. Where all that hangs on a reference is so fresh, nobody is accused; the next look tells.
_FRESH_S = 0.25
_CYCLES_TOLD = 3
_ONE_VARIABLE = "one variable keeps it: one object, and never more, until the variable is set to something else"


def wanted(must: tuple[str, ...]) -> frozenset[str]:
    """What a contract asks to be gone; "everything" is all."""
    return frozenset(MUST) if "everything" in must else frozenset(must)


def ended_remains(scene: Scene, holding: Holding, ended: Mapping[int, Ended]) -> Iterator[Remain]:
    """One for each ended object that must be garbage, and is there."""
    told: Counter[str] = Counter()
    for node, row in ended.items():
        if "garbage" not in wanted(row.must):
            continue
        answer = holding.answer(node, row.fate)
        path = holding.path(node) if answer is Answer.HELD else None
        if answer is Answer.HELD and path is not None:
            yield _held(scene, node, row, path)
        else:
            told[row.type] += 1
            yield _harmless(scene, node, row, answer, with_cycle=told[row.type] <= _CYCLES_TOLD)


def _held(scene: Scene, node: int, row: Ended, path: HolderPath) -> Remain:
    acts = activity_on(scene, path)
    site = scene.site(node)
    own = Remain(
        problem=_problem(scene, path, acts, row),
        kind=kind_of(row),
        type=scene.type_name(node),
        node=node,
        lifetime=row.lifetime,
        ended_at=row.site,
        made_at=site,
        matters=row.matters,
        evidence=_times(scene, node, row),
        fresh=scene.goes_on and scene.look.at - row.at < _FRESH_S,
    )
    tick = row.made_tick or scene.tick(node)
    if own.problem != "made-after-close" and is_bounded(scene, path, acts, tick, site):
        return replace(own, problem="outlived", harmless=True, evidence=(*own.evidence, _ONE_VARIABLE))
    if acts is None or acts.main or own.problem in ("outlived", "listener-not-removed"):
        return own
    made_at = scene.site(acts.node)
    return replace(
        own,
        kind=acts.kind,
        type=scene.type_name(acts.node),
        node=acts.node,
        about=node,
        name=acts.name,
        owned=scene.type_name(node),
        made_at=made_at,
        evidence=(*own.evidence, timing(scene, acts.node, row), *_swallowed(scene, node)),
        cause=cause(scene, node, made_at) if own.problem == "made-after-close" else "",
    )


def kind_of(row: Ended) -> str:
    """ "session" of "session closed", where it is one word; else "object"."""
    first, _, rest = row.lifetime.partition(" ")
    return first if rest and " " not in rest and first.islower() else "object"


def _problem(scene: Scene, path: HolderPath, acts: Activity | None, row: Ended) -> str:
    listener = _listener_on(scene, path)
    after = acts is not None and made_after(scene, acts.node, row)
    if acts is not None and not acts.main and (not listener or after):
        if after:
            return "made-after-close"
        swallowed = acts.kind == "task" and goes_on_after_cancel(scene, acts.node)
        return "swallowed-cancellation" if swallowed else _GOES_ON[acts.kind]
    return "listener-not-removed" if listener else "outlived"


def _listener_on(scene: Scene, path: HolderPath) -> int:
    """A bound method, function or partial on the way that stands in a collection, as listeners do."""
    for before, node in zip(path.nodes, path.nodes[1:-1]):
        if scene.type_name(node) in CALLABLES and is_collection(scene, before):
            return node
    return 0


def is_collection(scene: Scene, node: int) -> bool:
    """One that things are put into; a module's or class' names are none."""
    heap = scene.heap
    if heap.routes.is_root_like(node):
        return False
    if scene.type_name(node) in _COLLECTIONS or heap.rows.is_kind(node, LIST_KIND):
        return True
    if not heap.rows.is_kind(node, DICT_KIND):
        return False
    owners = {int(one) for one in heap.graph.referrers(node)}
    return not any(node in (heap.values.instance_dict(one), heap.rows.type_dict(one)) for one in owners if one)


def _swallowed(scene: Scene, node: int) -> tuple[str, ...]:
    events = swallowed_for(scene, node)
    lines = (f"a cancellation of {one.what} was swallowed: {one.detail or 'it went on'}" for one in events)
    return tuple(dict.fromkeys(lines))


def _times(scene: Scene, node: int, row: Ended) -> tuple[str, ...]:
    later = scene.look.at - row.at
    rows = [f"ended {later:.1f} s before the look"] if later >= 0.1 else []
    if row.contract:
        rows.append(f"contract: {row.contract}")
    return tuple(rows)


def _harmless(scene: Scene, node: int, row: Ended, answer: Answer, *, with_cycle: bool) -> Remain:
    cycle = closing_words(scene, node) if with_cycle and answer is Answer.CYCLE else ()
    why = {
        Answer.CYCLE: "nothing holds it but itself and what it holds: the next run of the collector frees it",
        Answer.IN_FLIGHT: "what runs at the moment of the look holds it: it goes with the next turn of the loop "
        "(await asyncio.sleep(0) before looking), or when the running function returns",
    }.get(answer)
    why = why or f"held by {_holder(scene, node)}"
    return Remain(
        problem="outlived",
        kind=kind_of(row),
        type=scene.type_name(node),
        node=node,
        answer=answer,
        lifetime=row.lifetime,
        ended_at=row.site,
        made_at=scene.site(node),
        evidence=(*_times(scene, node, row), why, *cycle),
        harmless=True,
    )


def _holder(scene: Scene, node: int) -> str:
    path = scene.heap.path(node)
    if path is None:
        return OUTLIVE.words
    known = who(scene, path.nodes, frozenset(scene.nodes_at(scene.look.harness)))
    if path.root.kind.value == "outlive":
        known = OUTLIVE
    return f"{known.words}; {known.advice}"
