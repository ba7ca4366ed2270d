"""Tasks that wait: for what, through which coroutines, and on which loop.

Knows asyncio's tasks, those in C and those in Python, and their subclasses. What other frameworks call a task is not
known here. Whether anything can end the waiting is `stuck`'s question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outlive.capture.snapshot import NativeState
from outlive.heap.rows import slot_of

if TYPE_CHECKING:
    from outlive.heap.heap import Heap

_TASKS = frozenset(["_asyncio.Task", "asyncio.tasks.Task"])
_ENDED = (NativeState.DONE, NativeState.CANCELLED)

# What runs code and can be suspended, and what stands between one such and the next when it is awaited.
_BODIES = frozenset(["coroutine", "generator", "async_generator"])
_WRAPPERS = frozenset(
    ["coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable", "_asyncio.FutureIter"]
)
_DEEPEST = 2_000  # awaits inside each other; a bound, not a judgement


@dataclass(frozen=True)
class Sleeper:
    """A task or thread that waits.

    `node` is the task, or the Thread object (0: none is shown). `members` are the nodes that are nothing but itself;
    the first is its own alone. `keys`: whoever touches one may wake it. `bodies` are the coroutines or frames it
    stands in, outermost first, `waiter` is what it waits for. `closed`: its event loop is, so nothing is ever called
    again. `hidden` are objects that its own C stack holds, by number of such references: they are not held by others.
    """

    node: int
    kind: str
    members: tuple[int, ...]
    keys: tuple[int, ...]
    bodies: tuple[int, ...]
    waiter: int
    closed: bool = False
    hidden: tuple[tuple[int, int], ...] = ()


def sleeping_tasks(heap: Heap, most: int = 1_000_000) -> Iterator[Sleeper]:
    """Each task that waits for something, and each that is pending on a closed loop; `most` evenly out of very many."""
    closed: dict[int, bool] = {}
    tasks = _tasks(heap)
    for task in tasks[:: -(-len(tasks) // most)] if tasks else ():
        if heap.state(task) in _ENDED:
            continue
        fields = _Fields(heap, task)
        waiter, coroutine, loop = fields["_fut_waiter"], fields["_coro"], fields["_loop"]
        if loop not in closed:
            closed[loop] = _is_true(heap, heap.attribute(loop, "_closed"))
        if _is_none(heap, waiter) or not coroutine:
            waiter = 0
        over = closed[loop] and not _has_ended(heap, task, coroutine)
        if waiter or over:
            inner, bodies = _chain(heap, coroutine)
            keys = () if over else (waiter,)
            yield Sleeper(task, "task", (task, *inner), keys, bodies, waiter, over)


def _tasks(heap: Heap) -> list[int]:
    rows = heap.rows
    types = [node for node in heap.snapshot.types if rows.is_subclass(node, _TASKS)]
    found: list[int] = np.flatnonzero(np.isin(heap.snapshot.column("type"), types)).tolist()
    return found


class _Fields:
    """Fields of a task by name: at a known byte in those of C, attributes in those of Python."""

    def __init__(self, heap: Heap, task: int) -> None:
        rows = heap.rows
        members = rows.members(rows.type_node(task))
        offsets = {name: offset for offset, name in members.items()}
        self._heap, self._task = heap, task
        self._offsets = offsets if "_fut_waiter" in offsets else {}

    def __getitem__(self, name: str) -> int:
        if self._offsets:
            return self._heap.rows.target_at(self._task, self._offsets[name])
        return self._heap.attribute(self._task, name)


def _has_ended(heap: Heap, task: int, coroutine: int) -> bool:
    """Is a task over whose state nobody can read (one of Python)? Its coroutine is; one in C lets go of it."""
    return not coroutine or heap.state(coroutine) in (NativeState.FINISHED, NativeState.RUNNING)


def _is_none(heap: Heap, node: int) -> bool:
    return node == 0 or heap.type_name(node) == "NoneType"


def _is_true(heap: Heap, node: int) -> bool:
    return node != 0 and heap.type_name(node) == "bool" and heap.text(node) == "True"


def _chain(heap: Heap, coroutine: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """All that is suspended in this coroutine, itself included, and of these what runs code; outermost first.

    Frames that stand apart from their generator (3.10) are among the first and not among the second.
    """
    inner: list[int] = []
    bodies: list[int] = []
    node = coroutine
    while node and node not in inner and len(inner) < _DEEPEST:
        inner.append(node)
        kind = heap.type_name(node)
        if kind in _BODIES:
            bodies.append(node)
            frame = frame_of(heap, node)
            inner.extend([frame] if frame else [])
            node = _awaited(heap, frame or node)
        else:
            node = next((target for target in heap.rows.targets(node) if heap.type_name(target) in _BODIES), 0)
    return tuple(inner), tuple(bodies)


def frame_of(heap: Heap, body: int) -> int:
    """The frame object that has the variables of a generator or coroutine; 0 where they stand in itself (3.11 on), and
    for anything else."""
    if heap.type_name(body) not in _BODIES or any(slot_of(code) is not None for code in heap.rows.codes(body)):
        return 0
    return next((target for target in heap.rows.targets(body) if heap.type_name(target) == "frame"), 0)


def _awaited(heap: Heap, body: int) -> int:
    """What stands on top of its value stack, if that can be waited in; 0 otherwise."""
    rows = heap.rows
    slots = [(code, target) for code, target in zip(rows.codes(body), rows.targets(body)) if slot_of(code) is not None]
    if not slots:
        return 0
    top = max(slots)[1]
    return top if heap.type_name(top) in _BODIES | _WRAPPERS else 0
