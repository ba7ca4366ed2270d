"""Tasks for which somebody runs an event loop: the loop runs until they end, and an interrupt ends them.

`await asyncio.Event().wait()` in such a task is how a server says "until Ctrl-C": nothing in the heap will ever wake
it, and nothing should. In the main thread KeyboardInterrupt comes to whoever runs the loop; a daemon thread ends with
the process. In any other thread nothing comes, and who waits there for nothing keeps the process from its end.

Where the interrupt came through the runner's frame, its traceback still shows whom the loop ran for: that task waits
for nothing any more, and was not left asleep by a mistake in what it waits for.

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
            task = _run_for(heap, frame)
            if task:
                found.setdefault(task, thread)
    return found


def interrupted_tasks(heap: Heap) -> frozenset[int]:
    """Those for which somebody ran an event loop until an exception, which is still there, came out of it."""
    traces = heap.nodes_of_type("traceback").tolist()
    frames = (heap.attribute(trace, "tb_frame") for trace in traces)
    return frozenset(task for frame in frames if frame and (task := _run_for(heap, frame)))


def _run_for(heap: Heap, frame: int) -> int:
    """The task that this frame runs a loop for; 0: it runs none."""
    module, _, name = heap.naming.function_name(frame).rpartition(".")
    variable = _RUNNERS.get(name) if module.startswith(_MODULES) else None
    return locals_of(heap, frame).get(variable, 0) if variable else 0


def is_ended_by_an_interrupt(heap: Heap, thread: Thread) -> bool:
    """Whether what runs in the thread ends with the process or before: the main thread, or a daemon."""
    return not thread.thread_object or heap.text(heap.attribute(thread.thread_object, "_daemonic")) == "True"
