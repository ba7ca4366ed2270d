"""A stuck task or thread in words: its name, where it waits, for what, and why nothing can wake it.

Knows how people call what the standard library waits in; proves nothing (`stuck` does).
"""

from __future__ import annotations

from sys import stdlib_module_names
from typing import TYPE_CHECKING

from outlive.heap.blocked_threads import locals_of
from outlive.heap.main_tasks import main_tasks
from outlive.heap.waiting import Sleeper
from outlive.model.leftovers import Stuck, StuckGrade

if TYPE_CHECKING:
    from outlive.heap.heap import Heap

_FUTURES = {
    "_asyncio.Future": "asyncio.Future",
    "asyncio.futures.Future": "asyncio.Future",
    "asyncio.tasks._GatheringFuture": "asyncio.gather",
}
# Holds things for others, and is no answer to who has them.
_PLUMBING = frozenset(
    [
        "list", "tuple", "dict", "set", "collections.deque", "cell", "function", "frame", "method",
        "builtin_function_or_method", "_asyncio.FutureIter", "_asyncio.TaskWakeupMethWrapper", "_contextvars.Context",
        "hamt", "hamt_bitmap_node", "hamt_array_node", "hamt_collision_node",
    ]
)  # fmt: skip
_MOST_HOLDERS = 3
_MOST_REFERRERS = 50
_LAYERS = 8


class Words:
    """Says of each what a person would."""

    def __init__(self, heap: Heap, sleepers: list[Sleeper]) -> None:
        self._heap = heap
        self._by_node = {one.node: one for one in sleepers if one.node}
        self._of = {member: one for one in sleepers for member in one.members}
        self._main = frozenset(main_tasks(heap))

    def stuck(self, sleeper: Sleeper, grade: StuckGrade) -> Stuck:
        body = self._place(sleeper)
        file, line = self._heap.location(body)
        waits_for = self._waits_for(sleeper, body)
        return Stuck(
            node=sleeper.node or sleeper.members[0],
            kind=sleeper.kind,
            grade=grade,
            name=self._name(sleeper),
            waits_for=waits_for,
            where=f"{file}:{line}" if line else file,
            proof=tuple(self._proof(sleeper, grade, body, waits_for)),
        )

    # ---- its name --------------------------------------------------------------------------------------------------

    def _name(self, sleeper: Sleeper) -> str:
        """A task's own name and its coroutine's; a thread's name."""
        heap = self._heap
        if sleeper.kind == "thread":
            return heap.text(heap.attribute(sleeper.node, "_name")) or "thread" if sleeper.node else "MainThread"
        coroutine = self._function(sleeper.bodies[0]) if sleeper.bodies else ""
        name = self._task_name(sleeper.node)
        return f"{name} ({coroutine})" if name and coroutine else name or coroutine or "task"

    def _task_name(self, task: int) -> str:
        """3.12 keeps a number until somebody asks for the name; of other names only those are kept that are names."""
        node = self._heap.attribute(task, "_name")
        text = self._heap.text(node) or "" if node else ""
        return f"Task-{text}" if text.isdigit() else text

    def _function(self, body: int) -> str:
        """ "app.Session.run". Code of 3.10 knows its last name only: the coroutine or the class of `self` know more."""
        name = self._heap.naming.function_name(body)
        last = name.rpartition(".")[2]
        qualified = self._heap.text(self._heap.attribute(body, "__qualname__")) or ""
        if not qualified and self._heap.snapshot.python_version.startswith("3.10."):
            qualified = self._in_class(body, last)
        return f"{self._module(body)}.{qualified}" if qualified else name

    def _class_of_self(self, frame: int) -> str:
        instance = locals_of(self._heap, frame).get("self", 0)
        return self._heap.type_name(instance).rpartition(".")[2] if instance else ""

    def _in_class(self, frame: int, name: str) -> str:
        """ "Queue.get" of a frame that has a `self` whose class, or a base of it, has such a method."""
        heap = self._heap
        instance = locals_of(heap, frame).get("self", 0)
        for base in heap.rows.mro(heap.rows.type_node(instance)) if instance else ():
            namespace = heap.rows.type_dict(base)
            if namespace and heap.values.value(namespace, name):
                return f"{heap.naming.class_name(base).rpartition('.')[2]}.{name}"
        return name

    def _module(self, body: int) -> str:
        heap = self._heap
        known = heap.naming.module_of(body)
        if known is None:
            frame = next((one for one in heap.rows.targets(body) if heap.type_name(one) == "frame"), 0)
            known = heap.naming.module_of(frame) if frame else None
        return known or heap.location(body)[0].rpartition("/")[2].removesuffix(".py")

    # ---- where, and for what ---------------------------------------------------------------------------------------

    def _place(self, sleeper: Sleeper) -> int:
        """The innermost body that is no part of the standard library; else the innermost."""
        own = [body for body in sleeper.bodies if not self._is_standard(body)]
        return own[-1] if own else sleeper.bodies[-1] if sleeper.bodies else 0

    def _is_standard(self, body: int) -> bool:
        return self._module(body).partition(".")[0] in stdlib_module_names - {"__main__"}

    def _waits_for(self, sleeper: Sleeper, place: int) -> str:
        """The call of the standard library that the program made; where it made none, the object it waits for."""
        inside = sleeper.bodies[sleeper.bodies.index(place) + 1 :] if place in sleeper.bodies else ()
        if inside:
            module, function = self._module(inside[0]), self._function(inside[0])
            owner, _, name = function.removeprefix(f"{module}.").rpartition(".")
            if name.startswith("__"):  # `async with semaphore`, not `semaphore.__aenter__()`
                owner, name = "", self._class_of_self(inside[0]) or owner
            return ".".join(filter(None, (module.partition(".")[0], owner, name)))
        if not sleeper.waiter:
            return "its next turn"
        other = self._of.get(sleeper.waiter)
        if other is not None:
            return f"{other.kind} {self._name(other)}"
        kind = self._heap.type_name(sleeper.waiter)
        return _FUTURES.get(kind, kind)

    # ---- the proof -------------------------------------------------------------------------------------------------

    def _proof(self, sleeper: Sleeper, grade: StuckGrade, body: int, waits_for: str) -> list[str]:
        heap = self._heap
        place = heap.naming.place(body)
        lines = [f"waits in {self._function(body) or 'code'}" + (f" ({place})" if place else "") + f" for {waits_for}"]
        if sleeper.closed:
            return [*lines, "its event loop is closed: nothing is ever called on it again, not even a cancellation"]
        lines.append(self._holders_line(sleeper))
        lines.append("no timer, callback, running thread or native code refers to it")
        if sleeper.kind == "thread":
            return [*lines, "a thread cannot be cancelled" if sleeper.node else "only a signal could interrupt it"]
        if sleeper.node in self._main:
            lines.append(
                "the event loop of its thread runs until this task ends, and no interrupt comes to that thread"
            )
        elif grade is StuckGrade.NEVER_WAKES:
            lines.append("something that runs still holds the task, and could cancel it")
        else:
            lines.append("nothing that runs holds the task either, so nobody can cancel it")
        return lines

    def _holders_line(self, sleeper: Sleeper) -> str:
        """Who has what it waits for: itself alone, or others of whom none is awake."""
        other = self._of.get(sleeper.waiter) or next((self._of[key] for key in sleeper.keys if key in self._of), None)
        if other is not None:
            return f"it waits for {other.kind} {self._name(other)}, which never wakes itself"
        what = "the lock" if sleeper.kind == "thread" else "what it waits for"
        names = self._holders_of(sleeper)
        if not names:
            return f"only this {sleeper.kind} holds {what}"
        return f"{what} is held by {', '.join(names)}, and nothing that runs can come to that"

    def _holders_of(self, sleeper: Sleeper) -> list[str]:
        """Types and names of what else has the key; plumbing is looked through."""
        heap, names = self._heap, list[str]()
        layer, seen = list(sleeper.keys), {*sleeper.keys, *sleeper.members}
        for _ in range(_LAYERS):
            around = [one for node in layer for one in heap.graph.referrers(node)[:_MOST_REFERRERS].tolist()]
            around = [one for one in dict.fromkeys(around) if one not in seen]
            seen.update(around)
            layer = [one for one in around if heap.type_name(one) in _PLUMBING and one not in self._of]
            names += [self._holder(one) for one in around if one not in layer]
        return list(dict.fromkeys(filter(None, names)))[:_MOST_HOLDERS]

    def _holder(self, node: int) -> str:
        owner = self._of.get(node)
        if owner is not None:
            return f"{owner.kind} {self._name(owner)}"
        kind = self._heap.type_name(node)
        return _FUTURES.get(kind, kind)
