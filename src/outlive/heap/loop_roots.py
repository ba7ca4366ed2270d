"""What asyncio's own running frames hold, called what it is: the event loop, the main task, the main coroutine.

A path that begins at "a variable of asyncio.runners.run" is true and says nothing: that function runs the program. The
loop that runs (or that asyncio is just ending), and the task it was started for, are what a person knows. Such a frame
stays a root as well; only what it holds by these names gets a root of its own, which is told first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from outlive.heap.naming import Naming
from outlive.heap.rows import Rows
from outlive.heap.threads import Thread, thread_words
from outlive.heap.values import Values

_LOOPS = frozenset(["asyncio.events.AbstractEventLoop", "asyncio.base_events.BaseEventLoop"])
_TASKS = frozenset(["_asyncio.Task", "asyncio.tasks.Task"])
_RUNNER = frozenset(["asyncio.runners.Runner"])
_RUNS = ("run", "run_until_complete")


def loop_roots(rows: Rows, values: Values, naming: Naming, threads: Sequence[Thread]) -> Iterator[tuple[int, str, str]]:
    """(node, name, pattern) of each."""
    for thread in threads:
        whose = f" of {thread_words(thread)}" if thread.thread_object else ""
        for frame in thread.frames:
            module, _, name = naming.function_name(frame).rpartition(".")
            if module.startswith("asyncio."):
                for node, words in _named(rows, values, frame, runs=name in _RUNS):
                    yield node, words + whose, words


def _named(rows: Rows, values: Values, frame: int, *, runs: bool) -> Iterator[tuple[int, str]]:
    for node in filter(None, rows.targets(frame)):
        kind = rows.type_node(node)
        if rows.is_subclass(kind, _LOOPS):
            yield node, "the event loop"
        elif rows.is_subclass(kind, _RUNNER):  # uvloop's own frames are native: its loop is seen here alone
            yield values.attribute(node, "_loop"), "the event loop"
        elif runs and rows.is_subclass(kind, _TASKS):
            yield node, "the main task"
        elif runs and rows.type_name(node) == "coroutine":
            yield node, "the main coroutine"
