"""Tasks, timers, threads and generators that have not come to their end, each as it would be told if it had to.

Only what goes on is listed; whether it should have ended is for whoever asks: the end of the loop, of an owner, of a
scope. What a program runs for (its main task, its main thread) and the interpreter's own are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.explain.leftovers.activities import (
    CALLABLES,
    THREADS,
    TIMERS,
    callable_name,
    callback_name,
    is_main_thread,
    is_waiting_timer,
    thread_name,
)
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.tasks_of import (
    coroutine_of,
    goes_on_after_cancel,
    is_cancelling,
    is_pending,
    main_tasks,
    name_of,
    place_of,
)
from outlive.explain.leftovers.whose import is_anothers, is_interpreters, made_by_hand, owner_of_code, owner_of_name
from outlive.heap.labels import LabelKind
from outlive.heap.threads import Thread
from outlive.model.explanation import OwnerKind

_OWNERS_MOST = 16
_RUNS = frozenset({"coroutine", "generator", "async_generator", "frame"})


def going_on(scene: Scene) -> Iterator[Remain]:
    yield from tasks(scene)
    yield from timers(scene)
    yield from threads(scene)
    yield from async_generators(scene)
    yield from coroutines(scene)


def tasks(scene: Scene) -> Iterator[Remain]:
    main = main_tasks(scene)
    ended_early = any(scene.word(one) == "cancelled" for one in main)
    running = scene.nodes_at(scene.look.running)
    told = scene.tasks_to_tell
    more = f"{len(scene.tasks):,} tasks are there, of which {len(told):,} were looked at"
    for node in told:
        if node in main or node in running or not is_pending(scene, node):
            continue
        owner = owner_of_code(scene, coroutine_of(scene, node))
        problem = "pending-at-end"
        if is_cancelling(scene, node):
            problem = "cancel-not-run"
        elif goes_on_after_cancel(scene, node):
            problem = "swallowed-cancellation"
        notes = ["the main task was cancelled: nobody could await it any more"] if ended_early else []
        notes += [more] if len(told) < len(scene.tasks) else []
        yield Remain(
            problem, "task", scene.type_name(node), node,
            name=name_of(scene, node), made_at=scene.site(node), evidence=(*_where(scene, node), *notes),
            harmless=(is_anothers(owner) and not made_by_hand(scene, node)) or ended_early, scope=scene.scope(node),
        )  # fmt: skip


def _where(scene: Scene, task: int) -> tuple[str, ...]:
    file, line = place_of(scene, task)
    return (f"waits at {file.rpartition('/')[2]}:{line}",) if line else ()


def timers(scene: Scene) -> Iterator[Remain]:
    """Those that a loop has on its list. One of a plain function without arguments keeps nothing worth a word; one that
    a library set for a function of its own goes with what the library's user has to close."""
    for loop in scene.loops:
        scheduled = scene.heap.attribute(loop, "_scheduled")
        every = [node for node in scene.heap.elements(scheduled) if scene.is_one(node, TIMERS)] if scheduled else []
        told = scene.some_of(every)
        more = f"{len(every):,} timers are there, of which {len(told):,} were looked at"
        for node in told:
            if is_waiting_timer(scene, node):
                name = callback_name(scene, node)
                harmless = not _keeps_something(scene, node) or _is_a_librarys(scene, node)
                yield Remain(
                    "timer-not-cancelled", "timer", scene.type_name(node), node,
                    name=name, made_at=scene.site(node), harmless=harmless,
                    end_with="cancel()", scope=scene.scope(node), evidence=(more,) if len(told) < len(every) else (),
                )  # fmt: skip


def _keeps_something(scene: Scene, handle: int) -> bool:
    callback, arguments = scene.heap.attribute(handle, "_callback"), scene.heap.attribute(handle, "_args")
    if arguments and scene.heap.elements(arguments):
        return True
    if scene.type_name(callback) == "method":
        return True
    return any(scene.type_name(one) == "cell" for one in _closure(scene, callback))


def _is_a_librarys(scene: Scene, handle: int) -> bool:
    """Whether neither its callback, nor a callable that it hands on, nor one that its bound object keeps is yours."""
    callback, arguments = scene.heap.attribute(handle, "_callback"), scene.heap.attribute(handle, "_args")
    handed_on = scene.heap.elements(arguments) if arguments else []
    if not is_anothers(owner_of_name(scene, callable_name(scene, callback))):
        return False
    inner = [*handed_on, *_called_by(scene, callback)]
    named = [callable_name(scene, one) for one in inner if scene.type_name(one) in CALLABLES]
    return not any(owner_of_name(scene, name).kind is OwnerKind.YOURS for name in named)


def _called_by(scene: Scene, callback: int) -> list[int]:
    """What the object of a bound method, or a partial, keeps: a periodic timer's function stands in an attribute."""
    if scene.type_name(callback) not in ("method", "functools.partial"):
        return []
    bound = scene.heap.attribute(callback, "__self__") or scene.heap.attribute(callback, "func")
    return list(scene.heap.attributes(bound).values()) if bound else []


def _closure(scene: Scene, function: int) -> list[int]:
    found = scene.heap.attribute(function, "__closure__")
    return scene.heap.elements(found) if found and scene.heap.text(found) != "None" else []


def threads(scene: Scene) -> Iterator[Remain]:
    """Threads started by Python's threading that run; daemons end with the process by design."""
    for thread in scene.heap.threads.all:
        node = thread.thread_object
        if not node or thread == scene.looking_thread or not scene.is_one(node, THREADS):
            continue
        entry = entry_of(scene, thread)
        if is_main_thread(scene, node) or is_interpreters(scene, entry):
            continue
        daemon = scene.heap.text(scene.heap.attribute(node, "_daemonic")) == "True"
        yield Remain(
            "thread-running", "thread", scene.type_name(node), node,
            name=f"{thread_name(scene, node)} in {entry}" if entry else thread_name(scene, node),
            made_at=scene.site(node), evidence=("a daemon thread",) if daemon else (),
            harmless=True, scope=scene.scope(node),
        )  # fmt: skip


def entry_of(scene: Scene, thread: Thread) -> str:
    """The full name of the function that it was started for."""
    found = scene.face.thread_at(thread.frames[-1]) if thread.frames else None
    return found.entry if found else ""


def async_generators(scene: Scene) -> Iterator[Remain]:
    """Suspended ones that nobody is iterating just now and no context manager of contextlib stands for."""
    for node in scene.instances(frozenset({"async_generator"})):
        if scene.word(node) != "suspended" or _in_use(scene, node) or is_anothers(owner_of_code(scene, node)):
            continue
        name = scene.heap.what(node).partition(" ")[2]
        yield Remain(
            "generator-not-closed", "generator", "async_generator", node,
            name=name.partition(" (")[0], made_at=scene.site(node), end_with="aclose()",
            evidence=(f"stands in {name}",), scope=scene.scope(node),
        )  # fmt: skip


def _in_use(scene: Scene, node: int) -> bool:
    for reference in scene.heap.referrers(node):
        kind = scene.type_name(_owner(scene, reference.source))
        if kind.startswith(("async_generator_", "contextlib.")):
            return True
        if kind in _RUNS:
            label = scene.heap.label(reference.source, reference.position)
            if label.kind is LabelKind.LOCAL and "computed" in label.text:
                return True
    return False


def _owner(scene: Scene, node: int) -> int:
    """The object whose attributes a dict keeps (3.10 keeps them apart); else the node itself."""
    if scene.type_name(node) != "dict":
        return node
    owners = (int(one) for one in scene.heap.graph.referrers(node)[:_OWNERS_MOST])
    return next((one for one in owners if scene.heap.values.instance_dict(one) == node), node)


def coroutines(scene: Scene) -> Iterator[Remain]:
    """Made and never begun, and no task is going to run them."""
    created = [node for node in scene.instances(frozenset({"coroutine"})) if scene.word(node) == "created"]
    taken = {coroutine_of(scene, task) for task in scene.tasks} if created else set()
    for node in created:
        if node in taken or is_anothers(owner_of_code(scene, node)):
            continue
        name = scene.heap.what(node).partition(" ")[2]
        yield Remain(
            "never-awaited", "coroutine", "coroutine", node,
            name=name.partition(" (")[0], made_at=scene.site(node), scope=scene.scope(node),
        )  # fmt: skip
