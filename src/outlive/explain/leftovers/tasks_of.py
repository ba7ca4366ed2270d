"""Tasks, as a heap shows them: what they run, whether they still go on, which task a handle will go on with.

Knows asyncio's C tasks and Python's own; a task of another library's class counts by its bases.
"""

from __future__ import annotations

from outlive.explain.kinds import plain
from outlive.explain.leftovers.scene import TASKS, Scene

_OVER = ("done", "finished", "cancelled")
_ASKED = "cancel_requested"


def is_pending(scene: Scene, task: int) -> bool:
    """Whether it is not done. One whose state cannot be told is not called pending."""
    word = scene.word(task)
    return bool(word) and word not in _OVER


def waiter(scene: Scene, task: int) -> int:
    """The future that it waits for; 0: none, its next step is scheduled or running."""
    found = scene.heap.attribute(task, "_fut_waiter")
    return found if found and scene.heap.text(found) != "None" else 0


def is_cancelling(scene: Scene, task: int) -> bool:
    """Whether it was asked to cancel and has not answered yet.

    3.10 forgets the asking once the awaited future was told, but then that future is cancelled.
    """
    waits_for = waiter(scene, task)
    if waits_for and scene.word(waits_for) == "cancelled":
        return True
    return scene.word(task) == _ASKED and not waits_for


def goes_on_after_cancel(scene: Scene, task: int) -> bool:
    """Whether it was asked to cancel, and waits for something again: swallowed, or cleaning up."""
    waits_for = waiter(scene, task)
    return bool(waits_for) and scene.word(task) == _ASKED and scene.word(waits_for) == "pending"


def coroutine_of(scene: Scene, task: int) -> int:
    found = scene.heap.attribute(task, "_coro")
    return found if found and scene.heap.text(found) != "None" else 0


def name_of(scene: Scene, task: int) -> str:
    """What it runs: "Client._gc_loop"; "a task" when that is not shown."""
    coroutine = coroutine_of(scene, task)
    if not coroutine:
        return "a task"
    text = scene.heap.text(scene.heap.attribute(coroutine, "__qualname__"))
    if text:
        return text.replace(".<locals>", "")
    return scene.heap.what(coroutine).partition(" ")[2].partition(" (")[0] or "a task"


def place_of(scene: Scene, task: int) -> tuple[str, int]:
    """(file, line) where its coroutine stands; ("", 0) when it is not known."""
    coroutine = coroutine_of(scene, task)
    return scene.heap.location(coroutine) if coroutine else ("", 0)


def task_in(scene: Scene, handle: int) -> int:
    """The task that this handle's callback will step; 0 when it is any other callback."""
    callback = scene.heap.attribute(handle, "_callback")
    if not callback:
        return 0
    if scene.is_one(callback, TASKS):
        return callback
    # A bound step or wake-up: builtin method, method, or the wrapper of C tasks. All of them refer to the task itself.
    kind = plain(scene.heap.type_name(callback))
    if kind in ("function", "functools.partial"):
        return 0
    return next((one for one in scene.heap.rows.targets(callback) if one and scene.is_one(one, TASKS)), 0)


def main_tasks(scene: Scene) -> set[int]:
    """Tasks that somebody runs the loop for: variables of asyncio's own running frames."""
    found: set[int] = set()
    for thread in scene.heap.threads.all:
        for frame in thread.frames:
            if scene.heap.naming.function_name(frame).startswith("asyncio."):
                found |= {one for one in scene.heap.rows.targets(frame) if one and scene.is_one(one, TASKS)}
    return found
