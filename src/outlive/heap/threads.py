"""The threads of a process: what they are called and which frames run in them.

A thread state does not know its name. The Thread object does, and the first frame of its thread has it in `self`; the
last thread state without such a frame is the main thread's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from outlive.heap.naming import Naming
from outlive.heap.rows import FRAME, INTERPRETER, THREAD, Rows
from outlive.heap.values import Values

_FIRST_SLOT = 4


@dataclass(frozen=True)
class Thread:
    """`node` is the thread state's, `thread_object` the threading.Thread (0: none is shown); innermost frame first."""

    node: int
    name: str
    thread_object: int
    frames: tuple[int, ...]


def thread_words(thread: Thread) -> str:
    """ "the main thread", "thread 'worker'"."""
    is_main = thread.name == "MainThread" and not thread.thread_object
    return "the main thread" if is_main else f"thread {thread.name!r}"


class Threads:
    """All threads, newest first."""

    def __init__(self, rows: Rows, values: Values, naming: Naming) -> None:
        self._rows = rows
        self._values = values
        self._naming = naming

    @cached_property
    def all(self) -> list[Thread]:
        rows = self._rows
        nodes = []
        node = 1
        while node < len(rows) and rows.layout(node) in (INTERPRETER, THREAD):
            if rows.layout(node) == THREAD:
                nodes.append(node)
            node += 1
        return [self._thread(node, last=node == nodes[-1]) for node in nodes]

    @cached_property
    def by_node(self) -> dict[int, Thread]:
        return {thread.node: thread for thread in self.all}

    def _thread(self, node: int, last: bool) -> Thread:
        rows = self._rows
        frames = tuple(t for t in rows.targets(node) if rows.layout(t) == FRAME or rows.type_name(t) == "frame")
        thread_object = next((found for frame in reversed(frames) if (found := self._bootstrapped(frame))), 0)
        name = rows.text(self._values.attribute(thread_object, "_name")) if thread_object else None
        if name is None:
            name = "MainThread" if last and not thread_object else "unnamed"
        return Thread(node, name, thread_object, frames)

    def _bootstrapped(self, frame: int) -> int:
        """The Thread object that a frame of threading.Thread's start-up code works for; 0 in any other frame."""
        name = self._naming.function_name(frame).rpartition(".")[2]
        if name not in ("_bootstrap", "_bootstrap_inner"):
            return 0
        for target in self._rows.targets(frame)[_FIRST_SLOT:] or self._rows.targets(frame):
            if self._rows.is_subclass(self._rows.type_node(target), frozenset(["threading.Thread"])):
                return target
        return 0
