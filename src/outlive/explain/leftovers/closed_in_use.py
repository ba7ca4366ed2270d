"""What was closed while its user still ran: a file that a logger writes to, a client that a task is just asking.

Theory of operation. Two sorts of users are certain from the heap:
 1. who has the closed thing in an attribute that a contract calls a use (`[[use]]`), has not come to his own end, and
    is held in earnest: a transport that is open over a closed socket;
 2. who is in the middle of a call to it: a method of the closed object stands in a pending task or a running thread
    below code of somebody else. A task that runs for the object itself is not its user, and whoever is inside its
    closing call ends it.
Closed is what says so itself, by a flag or its native state. That something is not there, no socket, no server, is also
true before it was opened, and of what may be used again after its close.

That somebody merely refers to what is closed is no use: a variable often lives longer than what it holds. C code leaves
no frame, so who waits in a closed socket or database is not seen here; see `lifetimes.in_use` for what is counted when
a closing call begins.

Told and no leak: nothing stays, but the next use fails or waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from outlive.explain.kinds import kinds_of, native_word, says
from outlive.explain.leftovers.activities import thread_name
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.tasks_of import is_cancelling, name_of
from outlive.explain.resource_state import ResourceStates
from outlive.heap.blocked_threads import locals_of
from outlive.heap.waiting import sleeping_tasks
from outlive.model.contracts import Condition, Resource, Use
from outlive.model.leftovers import Answer

# They run by themselves, and their own methods are what runs.
_RUN_BY_THEMSELVES = frozenset({"task", "thread", "timer thread", "event loop", "generator", "async generator"})
_ENDS = frozenset(
    {
        "close", "aclose", "stop", "shutdown", "terminate", "server_close", "disconnect", "dispose", "release",
        "cleanup", "wait_closed", "join", "quit", "kill", "__exit__", "__aexit__", "__del__",
    }
)  # fmt: skip
_CLOSED = frozenset({"closed", "finished"})
_MOST_USERS, _MOST_TASKS = 20_000, 500


def used_remains(scene: Scene, holding: Holding) -> Iterator[Remain]:
    if scene.counts_steps:
        return
    uses = _Uses(scene, holding)
    yield from uses.by_calls()
    yield from uses.by_attribute()


class _Uses:
    def __init__(self, scene: Scene, holding: Holding) -> None:
        self._scene = scene
        self._holding = holding
        self._states = ResourceStates(scene.face)

    # ---- by what it has --------------------------------------------------------------------------------------------

    def by_attribute(self) -> Iterator[Remain]:
        for use in self._scene.contracts.uses:
            for user in self._scene.instances(frozenset({use.by}))[:_MOST_USERS]:
                closed = [node for node in self._used(user, use.of) if self._is_closed(node)]
                if closed and self._is_at_work(user, use):
                    yield from (self._told(node, self._words(user, use.kind), use.matters) for node in closed)

    def _is_at_work(self, user: int, use: Use) -> bool:
        """Whether he has certainly not come to his end, and is no garbage."""
        over = use.until and self._states.any_of(user, use.until) is not False
        return not over and self._holding.answer(user) is Answer.HELD

    def _used(self, user: int, path: str) -> list[int]:
        """What stands at "stream", "handlers[].stream"."""
        nodes = [user]
        for part in path.split("."):
            name, each, _ = part.partition("[]")
            nodes = [found for node in nodes if (found := self._attribute(node, name))]
            if each:
                nodes = [one for node in nodes for one in self._scene.face.elements(node)]
        return list(dict.fromkeys(nodes))

    def _attribute(self, node: int, name: str) -> int:
        """An attribute, or a field of a named tuple."""
        heap = self._scene.heap
        found = heap.attribute(node, name)
        if found:
            return found
        namespace = heap.rows.type_dict(heap.rows.type_node(node))
        fields = heap.values.elements(heap.values.value(namespace, "_fields")) if namespace else []
        items = heap.elements(node) if fields else []
        return next((item for field, item in zip(fields, items) if heap.text(field) == name), 0)

    def _is_closed(self, node: int) -> bool:
        row = self._row(node)
        if row is not None:
            flags = [condition for condition in row.ended if _is_flag(condition)]
            return bool(flags) and self._states.any_of(node, flags) is True
        return native_word(self._scene.face, node) == "closed"

    def _row(self, node: int) -> Resource | None:
        """The row of the nearest of its classes."""
        kinds = kinds_of(self._scene.face, node)
        return next((self._rows[kind] for kind in kinds if kind in self._rows), None)

    @cached_property
    def _rows(self) -> dict[str, Resource]:
        rows: dict[str, Resource] = {}
        for row in self._scene.contracts.resources:
            rows.setdefault(row.type, row)
        return rows

    def _words(self, user: int, kind: str) -> str:
        name = says(self._scene.face, user, "name")
        return f"the {kind} `{name}`" if name and name != "None" else f"the {kind}"

    # ---- by what runs ----------------------------------------------------------------------------------------------

    def by_calls(self) -> Iterator[Remain]:
        scene = self._scene
        for thread in scene.heap.threads.all:
            if thread != scene.looking_thread:
                name = thread_name(scene, thread.thread_object) if thread.thread_object else thread.name
                yield from self._in_calls(thread.frames[::-1], f"thread {name!r}")
        for sleeper in sleeping_tasks(scene.heap, _MOST_TASKS):
            if not is_cancelling(scene, sleeper.node):
                yield from self._in_calls(sleeper.bodies, f"the task `{name_of(scene, sleeper.node)}`")

    def _in_calls(self, bodies: Sequence[int], user: str) -> Iterator[Remain]:
        """`bodies` stand in each other, outermost first."""
        heap = self._scene.heap
        owners = [locals_of(heap, body).get("self", 0) for body in bodies]
        for at, (body, node) in enumerate(zip(bodies, owners)):
            if not node or not at or node in owners[:at] or not self._is_a_closed_one(node):
                continue
            names = {self._last_name(one) for one, owner in zip(bodies, owners) if owner == node}
            if not names & self._ends:
                function, place = heap.naming.function_name(body), heap.naming.place(body)
                yield self._told(node, user, "", f"{user} is in a call of {function} ({place})")

    def _is_a_closed_one(self, node: int) -> bool:
        row = self._row(node)
        return row is not None and row.kind not in _RUN_BY_THEMSELVES and self._is_closed(node)

    def _last_name(self, body: int) -> str:
        return self._scene.heap.naming.function_name(body).rpartition(".")[2]

    @cached_property
    def _ends(self) -> frozenset[str]:
        declared = (place for one in self._scene.contracts.lifetimes for place in one.ends)
        return _ENDS | {place.rpartition(".")[2].rpartition(":")[2] for place in declared}

    # ---- telling ---------------------------------------------------------------------------------------------------

    def _told(self, node: int, user: str, matters: str, *evidence: str) -> Remain:
        scene, row = self._scene, self._row(node)
        return Remain(
            problem="closed-while-used",
            kind=row.kind if row is not None else _kind(scene.type_name(node)),
            type=scene.type_name(node),
            node=node,
            name=user,
            made_at=scene.site(node),
            matters=matters,
            evidence=evidence,
            harmless=True,
            scope=scene.scope(node),
        )


def _is_flag(condition: Condition) -> bool:
    """Whether it tells a close, where others tell that something is not there."""
    return (
        condition.state in _CLOSED or condition.is_.startswith("'") or (condition.is_, condition.state) == ("true", "")
    )


def _kind(type_name: str) -> str:
    return "file" if type_name.startswith("_io.") else "object"
