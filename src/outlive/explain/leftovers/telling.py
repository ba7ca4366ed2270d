"""From a group of alike things to the `Leftover` that reports show: path, faulty reference, owner, words, identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile
from pathlib import PurePath

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.explain import explain_asked
from outlive.explain.fingerprint import digest
from outlive.explain.leftovers.activities import CALLABLES, TIMERS, is_waiting_timer
from outlive.explain.leftovers.ended import is_collection
from outlive.explain.leftovers.grouping import ACTING, Group, what_hangs
from outlive.explain.leftovers.holding import ClearFace, Holding
from outlive.explain.leftovers.problems import problem
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.retelling import retold
from outlive.explain.leftovers.scene import TASKS, Scene
from outlive.explain.leftovers.whose import makers_of, owner_of_name
from outlive.explain.leftovers.words import sentence, site_words
from outlive.explain.links import short, steady, unnumbered
from outlive.explain.owner import owner_of_site
from outlive.model.explanation import Explanation, OwnerKind
from outlive.model.leftovers import NOBODY, Answer, Category, Leftover
from outlive.model.look import Ended

_SAMPLE, _EXAMPLES, _EVIDENCE = 32, 5, 12
_KINDS = frozenset({"task", "timer", "thread", "process", "fd"})
_CLOSURES = CALLABLES | {"cell", "tuple"}
_BETWEEN = frozenset(
    {"tuple", "list", "method", "builtin_function_or_method", "functools.partial", "collections.deque"}
)
_COLLECTS, _REGISTERS = 1_000_000, 1_000
_BY_REFERENCE = frozenset({"outlived", "listener-not-removed"})
_CERTAIN = frozenset({"made-after-close", "stuck", "swallowed-cancellation"})
_EARLY = "it ended only just before the look: too early to tell, its holder may be about to let it go; look again"
_CHILDREN = frozenset({"process", "child process", "subprocess"})
_CONTEXT = "_contextvars.Context"
_ENDS_OF_ALL = ("", "the program", "the event loop")
_ENDED_BEFORE = frozenset({"enter-raised", "made-after-close"})
_OPENED = frozenset({"open-at-end", "executor-not-shut-down"})


class Teller:
    """Tells groups of one look."""

    def __init__(self, scene: Scene, holding: Holding, ended: Mapping[int, Ended]) -> None:
        self._scene = scene
        self._holding = holding
        self._ended = ended
        self.clear = ClearFace(scene, holding)
        self._books = _loops_books(scene)

    def told(self, groups: Sequence[Group]) -> list[Leftover]:
        """One for each mistake; groups that hang on one reference are one, whatever their ways and places."""
        found: dict[tuple[object, ...], list[tuple[Group, Explanation | None]]] = {}
        for group in groups:
            why = self._why(group)
            found.setdefault(self._mistake(group.first, why), []).append((group, why))
        return [self._leftover(*_one_of(rows)) for rows in found.values()]

    def _mistake(self, one: Remain, why: Explanation | None) -> tuple[object, ...]:
        own = (one.problem, one.kind, one.type, one.owned, one.lifetime, one.answer, one.harmless)
        if one.answer is Answer.HELD and one.problem in _BY_REFERENCE and why is not None:
            return (*own, steady(why.held_by), why.family)
        return (*own, self._fingerprint(one, why))

    def _leftover(self, group: Group, why: Explanation | None) -> Leftover:
        one = group.first
        owner = why.owner if why is not None else NOBODY
        made_by = owner_of_site(one.made_at, self._scene.context)
        fresh = one.problem not in _CERTAIN and all(each.fresh for each in group.members)
        harmless = one.harmless or fresh or (one.problem in _OPENED and self._is_anothers(why, made_by.kind, one))
        words = sentence(group, why)
        return Leftover(
            kind=one.kind,
            type=one.type,
            count=len(group.members),
            answer=one.answer,
            problem=one.problem,
            sentence=words,
            category=self._category(one),
            matters=one.matters or problem(one.problem).matters,
            lifetime=one.lifetime,
            ended_at=one.ended_at,
            made_at=one.made_at,
            made_by=made_by,
            owner=owner,
            explanation=replace(why, sentence=words) if why is not None else None,
            stuck=one.stuck,
            examples=_examples(group),
            evidence=_evidence(group, fresh),
            fingerprint=self._fingerprint(one, why),
            harmless=harmless,
            remedy="" if harmless else _remedy(group),
        )

    def _category(self, one: Remain) -> Category:
        """What outlived an end that was before the look matters while the program runs, whenever it is looked at."""
        if self._scene.category is Category.TEST:
            return Category.TEST
        had_ended = one.lifetime not in _ENDS_OF_ALL or one.problem in _ENDED_BEFORE
        return Category.RUNTIME if had_ended else self._scene.category

    def _why(self, group: Group) -> Explanation | None:
        nodes = [one.told_node for one in group.members if one.told_node][:_SAMPLE]
        if not nodes:
            return None
        face: AskedHeap = self.clear if group.first.answer is Answer.HELD else self._scene.face
        nodes = _nearest(face, nodes)
        found = explain_asked(face, nodes, self._context(group))
        return retold(found[0], face, nodes, self._over(group)) if found else None

    def _is_anothers(self, why: Explanation | None, made_by: OwnerKind, one: Remain) -> bool:
        """What a library made for itself and keeps, or the interpreter in a module of its own, is nobody's mistake.

        The line told is one of yours wherever your code began it. That a library made it shows between that line and
        the object: what you made with your own hands and gave to a library to keep is yours.
        """
        if why is None or not why.path:
            return False
        if owner_of_name(self._scene, why.path[0].label).kind is OwnerKind.YOURS and (
            made_by is OwnerKind.YOURS or one.kind in _CHILDREN
        ):
            return False  # you made, and hold, the library's object that keeps it: that has to be ended
        makers = makers_of(self._scene, one.node)
        if why.owner.kind is OwnerKind.LIBRARY:
            return why.owner.name in makers if makers or made_by is OwnerKind.YOURS else True
        if why.owner.kind is not OwnerKind.INTERPRETER:
            return False
        if makers and why.path[0].type == _CONTEXT:  # by a context variable
            return True
        through_a_loop = any("EventLoop" in hop.type for hop in why.path)
        return made_by is OwnerKind.INTERPRETER and not through_a_loop

    # ---- states along the path -------------------------------------------------------------------------------------

    def _context(self, group: Group) -> Context:
        """Ages by the clock of ends; what the group is about has outlived an end that has a name."""
        one, scene = group.first, self._scene
        made = [tick for each in group.members if (tick := self._made_tick(each))]
        oldest = min(made, default=0)
        over, waking = self._over(group), self._waking(group)

        def is_new(node: int) -> bool | None:
            if node in waking:
                return False
            if over(node):
                return True
            if node in self._books or 0 < scene.tick(node) < oldest:
                return False
            return scene.context.is_new(node)

        return replace(
            scene.context,
            is_new=is_new,
            step_of=lambda node: None,
            grew=self._likelihood(group),
            kind=one.kind if one.kind in _KINDS else "python-object",
            problem=one.problem,
        )

    def _over(self, group: Group) -> Callable[[int], str]:
        """Which end of its own an object has outlived, or what it does here, in words; "" for none that is known."""
        one = group.first
        about = {node for each in group.members for node in (each.node, each.about) if node}
        waking = self._waking(group)

        def over(node: int) -> str:
            row = self._ended.get(node)
            if row is not None:
                return f"{row.lifetime}, and still alive"
            if node in waking:
                return f"wakes the {one.kind}"
            return problem(one.problem).title if node in about else ""

        return over

    def _waking(self, group: Group) -> frozenset[int]:
        """What asyncio itself has put between a loop's table and the task that it will wake: a timer, a future, its
        callback. They rightly live as long as the task waits; from what is the program's on it may be the mistake."""
        found: set[int] = set()
        for one in group.members[:_SAMPLE]:
            path = self._holding.path(one.node) if one.kind == "task" and one.node else None
            nodes = path.nodes if path is not None and one.answer is Answer.HELD else ()
            table = max((at for at, node in enumerate(nodes) if node in self._books), default=len(nodes))
            found |= set(takewhile(self._is_asyncios, nodes[table + 1 : -1]))
        return frozenset(found)

    def _is_asyncios(self, node: int) -> bool:
        scene, name = self._scene, self._scene.type_name(node)
        if scene.is_one(node, TASKS) or (scene.is_one(node, TIMERS) and is_waiting_timer(scene, node)):
            return False
        return name.startswith(("asyncio.", "_asyncio.", "selectors.")) or name in _BETWEEN

    def _likelihood(self, group: Group) -> Callable[[int], int]:
        """Where nothing is known of the ages, the last collection on the way is the likeliest to have been forgotten,
        then who was given a callback, then the nearest holder: what it holds has outlived its end."""
        rank: dict[int, int] = {}
        for one in group.members[:_SAMPLE]:
            path = self._holding.path(one.told_node) if one.answer is Answer.HELD else None
            steps = [step.node for step in path.steps] if path is not None else []
            for at, (node, held) in enumerate(pairwise(steps)):
                rank[node] = at + 1
                if is_collection(self._scene, node):
                    rank[node] += _COLLECTS
                elif self._scene.type_name(held) in CALLABLES and self._scene.type_name(node) not in _CLOSURES:
                    rank[node] += _REGISTERS
        return lambda node: rank.get(node, 0)

    def _made_tick(self, one: Remain) -> int:
        row = self._ended.get(one.told_node)
        return (row.made_tick if row else 0) or self._scene.tick(one.told_node)

    # ---- identity --------------------------------------------------------------------------------------------------

    def _fingerprint(self, one: Remain, why: Explanation | None) -> str:
        """Of what stays the same over runs and looks: never of lines, addresses, counts."""
        where = (PurePath(one.made_at.file).name, one.made_at.function) if one.made_at else ("", "")
        own = ("leftover", one.problem, one.kind, one.type, one.owned, steady(one.lifetime), *where)
        if one.kind in ACTING or why is None:
            named = one.kind in ACTING and one.kind != "process"
            return digest(*own, unnumbered(steady(one.name)) if named else "")
        return digest(*own, one.answer.value, why.fingerprint)


def _nearest(face: AskedHeap, nodes: Sequence[int]) -> list[int]:
    """Those with the shortest ways: in a chain of alike things the further ones hang on what holds the first."""
    paths = [face.path(node) for node in nodes]
    lengths = [len(path.hops()) if path is not None else 0 for path in paths]
    return [node for node, length in zip(nodes, lengths) if length == min(lengths)]


def _one_of(rows: Sequence[tuple[Group, Explanation | None]]) -> tuple[Group, Explanation | None]:
    """The groups as one, told as the largest of them."""
    rows = sorted(rows, key=lambda row: -len(row[0].members))
    members = tuple(one for group, _ in rows for one in group.members)
    return Group(members, tuple(one for group, _ in rows for one in group.hanging)), rows[0][1]


def _loops_books(scene: Scene) -> frozenset[int]:
    """Event loops that are not closed, and the tables in which they keep what they are asked to do."""
    found = set()
    for loop in scene.loops:
        if scene.heap.text(scene.heap.attribute(loop, "_closed")) == "True":
            continue
        names = ("_scheduled", "_ready", "_selector", "_signal_handlers", "_transports", "_asyncgens")
        tables = {scene.heap.attribute(loop, name) for name in names}
        selector = scene.heap.attribute(loop, "_selector")
        found |= {loop, *tables, scene.heap.attribute(selector, "_fd_to_key") if selector else 0}
    return frozenset(found - {0})


def _examples(group: Group) -> tuple[str, ...]:
    names = (one.name or _place(one) for one in group.members)
    return tuple(name for name in dict.fromkeys(names) if name)[:_EXAMPLES]


def _place(one: Remain) -> str:
    return f"{short(one.type)} made at {site_words(one.made_at)}" if one.made_at else ""


def _evidence(group: Group, fresh: bool) -> tuple[str, ...]:
    lines = [line for one in group.members for line in one.evidence]
    first_end = next((line for line in lines if line.startswith("ended ")), "")
    lines = [line for line in lines if line == first_end or not line.startswith("ended ")]
    told = [*dict.fromkeys(lines)][: _EVIDENCE - 1]
    early = (_EARLY,) if fresh else ()
    return (*told, *what_hangs(group), *early)


def _remedy(group: Group) -> str:
    """What to do; where a swallowed cancellation is the cause, about that first."""
    own = problem(group.first.problem).advice
    causes = any(one.cause for one in group.members)
    return f"{problem('swallowed-cancellation').advice} {own}" if causes else own
