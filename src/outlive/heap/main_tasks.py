"""Tasks for which somebody runs an event loop: the loop runs until they end, and an interrupt ends them.

`await asyncio.Event().wait()` in such a task is how a server says "until Ctrl-C": nothing in the heap will ever wake
it, and nothing should. In the main thread KeyboardInterrupt comes to whoever runs the loop; a daemon thread ends with
the process. In any other thread nothing comes, and who waits there for nothing keeps the process from its end.

Seen by variables of running frames: asyncio's own, and those of aiohttp's runner. uvloop's frames are native.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outlive.heap.blocked_threads import locals_of

if TYPE_CHECKING:
    from outlive.heap.heap import Heap
    from outlive.heap.threads import Thread

# The last name of a function that runs a loop, and its variable with the task.
_RUNNERS = {"run_until_complete": "future", "run": "task", "run_app": "main_task"}
_MODULES = ("asyncio.", "aiohttp.")


def main_tasks(heap: Heap) -> dict[int, Thread]:
    """Each with the thread that runs the loop for it."""
    found: dict[int, Thread] = {}
    for thread in heap.threads.all:
        for frame in thread.frames:
            module, _, name = heap.naming.function_name(frame).rpartition(".")
            variable = _RUNNERS.get(name) if module.startswith(_MODULES) else None
            task = locals_of(heap, frame).get(variable, 0) if variable else 0
            if task:
                found.setdefault(task, thread)
    return found


def is_ended_by_an_interrupt(heap: Heap, thread: Thread) -> bool:
    """Whether what runs in the thread ends with the process or before: the main thread, or a daemon."""
    return not thread.thread_object or heap.text(heap.attribute(thread.thread_object, "_daemonic")) == "True"
