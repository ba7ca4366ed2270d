"""What goes on by itself and keeps what it works for: a task, a timer, a thread; the last one on a holder path."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.explain.kinds import says
from outlive.explain.leftovers.scene import TASKS, Scene
from outlive.explain.leftovers.tasks_of import is_cancelling, is_pending, main_tasks, name_of, task_in
from outlive.heap.paths import HolderPath
from outlive.heap.roots import RootKind

TIMERS = frozenset({"asyncio.events.TimerHandle"})
THREADS = frozenset({"threading.Thread"})
CALLABLES = frozenset({"method", "function", "functools.partial", "functools.partialmethod"})


@dataclass(frozen=True)
class Activity:
    """`kind` is task, timer or thread; `name` what it runs; `main`: somebody runs the loop for this task, or this is
    the main thread."""

    node: int
    kind: str
    name: str
    main: bool = False


def activity_on(scene: Scene, path: HolderPath) -> Activity | None:
    """The one nearest to the end of the path, the last object itself excepted."""
    for node in reversed(path.nodes[:-1]):
        found = activity(scene, node)
        if found is not None:
            return found
    return _thread_of_root(scene, path)


def activity(scene: Scene, node: int) -> Activity | None:
    """What this object is, if it goes on by itself."""
    if scene.is_one(node, TASKS):
        if not is_pending(scene, node) or is_cancelling(scene, node):
            return None
        return Activity(node, "task", name_of(scene, node), node in main_tasks(scene))
    if scene.is_one(node, TIMERS):
        return Activity(node, "timer", callback_name(scene, node)) if is_waiting_timer(scene, node) else None
    if scene.is_one(node, THREADS):
        return Activity(node, "thread", thread_name(scene, node), is_main_thread(scene, node))
    return None


def is_waiting_timer(scene: Scene, node: int) -> bool:
    """A timer of a program's own callback that was not cancelled; one that wakes a task is the task's."""
    cancelled = says(scene.face, node, "_cancelled")
    callback = scene.heap.attribute(node, "_callback")
    if cancelled != "False" or not callback or scene.heap.text(callback) == "None" or task_in(scene, node):
        return False
    return not callback_name(scene, node).startswith(("asyncio.", "concurrent.futures."))


def callback_name(scene: Scene, handle: int) -> str:
    """ "app.Session._on_time": what a handle will call; "" for C functions, whose names are not kept."""
    callback = scene.heap.attribute(handle, "_callback")
    return callable_name(scene, callback) if callback else ""


def callable_name(scene: Scene, node: int) -> str:
    """The full name of a function or bound method, or of what a partial wraps."""
    if scene.type_name(node) == "functools.partial":
        inner = scene.heap.attribute(node, "func")
        return callable_name(scene, inner) if inner and inner != node else "functools.partial"
    if scene.type_name(node) == "builtin_function_or_method":
        return ""
    what = scene.heap.what(node).partition(" (")[0]
    return what.partition(" ")[2] or scene.type_name(node)


def thread_name(scene: Scene, node: int) -> str:
    return scene.heap.text(scene.heap.attribute(node, "_name")) or "unnamed"


def is_main_thread(scene: Scene, node: int) -> bool:
    return scene.type_name(node) == "threading._MainThread"


def _thread_of_root(scene: Scene, path: HolderPath) -> Activity | None:
    """The thread in whose running frame the path begins, unless it is the one that looks."""
    if path.root.kind is not RootKind.FRAME:
        return None
    thread = next((one for one in scene.heap.threads.all if path.root.node in one.frames), None)
    if thread is None or not thread.thread_object or thread == scene.looking_thread:
        return None
    node = thread.thread_object
    return Activity(node, "thread", thread_name(scene, node), is_main_thread(scene, node))
