"""What is held only by what runs at this very moment: the running callback, the ready queue, a running function.

Theory of operation. A look is taken in the middle of something. What that something holds is not left over: it goes
when the callback returns, or with the next turn of the loop. Such references are *in flight*:
  - out of an asyncio handle that runs now: its callback and arguments (asyncio holds them until the callback returns);
  - from the loop's ready queue to a handle. Where the handle goes on with a task that nobody asked to end, only its
    arguments (the future that is done) are in flight: the task will hold what it holds after this turn, too. But
    where nobody let the program settle, all that a task holds is whose future has come: what it waited for is over, and
    what it lets go of in its turn nobody can say yet. One that merely yields goes on by its own doing;
  - from a running frame of the looking thread straight to an ended object, to a container of arguments with it, or to
    an exception that is being handled. What such a frame holds further off (its server, the server's sessions) is held
    in earnest.
Arguments of running calls are counted on C's stack as well, so references that native code owns to those are loose:
they do not make a root.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from outlive.explain.leftovers.scene import HANDLES, LOOPS, TASKS, Scene
from outlive.explain.leftovers.tasks_of import coroutine_of, is_cancelling, is_pending, task_in, waiter
from outlive.heap.rows import EXCEPTION_KIND

Edge = tuple[int, int]
# So many references to one object the calls under way may own without showing it.
LOOSE_MOST = 6
_ARGUMENTS = frozenset({"tuple", "list", "dict", "method", "builtin_function_or_method", "functools.partial"})
_ARGUMENTS_MOST, _REFERRERS_MOST = 64, 256


@dataclass(frozen=True)
class Passing:
    """References that will soon be gone, and objects whose native references are those of running calls."""

    edges: frozenset[Edge]
    loose: frozenset[int]


def in_flight(scene: Scene, ended: Collection[int]) -> Passing:
    """Of the handles and frames that run now. Frames that are a test's count as the harness's: see `harness`."""
    edges: set[Edge] = set()
    loose: set[int] = set()
    for handle in running_handles(scene):
        edges |= _out_of(scene, handle)
        carried = _carried(scene, handle)
        loose |= {handle, *carried, *_packed(scene, carried)}
    for ready, handle in _in_ready(scene):
        task = task_in(scene, handle)
        if not _goes_on(scene, task):
            edges.add((ready, handle))
        elif scene.goes_on and _has_been_woken(scene, handle):
            edges |= {(ready, handle), (task, coroutine_of(scene, task)), *_out_of(scene, handle)}
        else:
            edges |= _out_of(scene, handle)
    for source, target in from_frames(scene, ended):
        edges.add((source, target))
    loose |= set(_running_calls(scene))
    return Passing(frozenset(edges), frozenset(loose - {0}))


def running_handles(scene: Scene) -> set[int]:
    """Handles whose callback runs now."""
    told = {node for node in scene.nodes_at(scene.look.running) if scene.is_one(node, HANDLES)}
    thread = scene.looking_thread
    for frame in thread.frames if thread else ():
        if scene.heap.naming.function_name(frame).startswith("asyncio.events."):
            told |= {one for one in scene.heap.rows.targets(frame) if one and scene.is_one(one, HANDLES)}
    return told


def _goes_on(scene: Scene, task: int) -> bool:
    return bool(task) and is_pending(scene, task) and not is_cancelling(scene, task)


def _in_ready(scene: Scene) -> Iterator[Edge]:
    for loop in scene.loops:
        ready = scene.heap.attribute(loop, "_ready")
        # Not only its elements: a long deque is not shown as a sequence.
        for handle in set(scene.heap.rows.targets(ready)) - {0} if ready else ():
            if scene.is_one(handle, HANDLES):
                yield ready, handle


def _has_been_woken(scene: Scene, handle: int) -> bool:
    """Whether the handle hands its task a future that has come; one that steps on after a yield has no arguments."""
    arguments = scene.heap.attribute(handle, "_args")
    return bool(arguments) and bool(scene.heap.elements(arguments))


def _out_of(scene: Scene, handle: int) -> set[Edge]:
    """Its callback and arguments; of the step of a task that goes on the arguments, and the future that it had."""
    task = task_in(scene, handle)
    if _goes_on(scene, task):
        had = waiter(scene, task)
        done = {(task, had)} if had and scene.word(had) in ("done", "finished", "cancelled") else set()
        return {(handle, scene.heap.attribute(handle, "_args"))} | done
    keep = {scene.heap.rows.type_node(handle), 0}
    return {(handle, one) for one in scene.heap.rows.targets(handle) if one not in keep and not _is_loop(scene, one)}


def _carried(scene: Scene, handle: int) -> set[int]:
    """What C's stack holds while the handle runs: callback, arguments, and of a bound callback its object."""
    callback, arguments = scene.heap.attribute(handle, "_callback"), scene.heap.attribute(handle, "_args")
    found = {callback, arguments}
    found |= set(scene.heap.elements(arguments)) if arguments else set()
    if callback and scene.type_name(callback) in _ARGUMENTS:
        found |= set(scene.heap.rows.targets(callback))
    return found


def _packed(scene: Scene, carried: Collection[int]) -> Iterator[int]:
    """Tuples in which a C function hands them on, and that nothing but its stack holds."""
    for node in carried:
        holders = scene.heap.graph.referrers(node)[:_REFERRERS_MOST].tolist() if node else ()
        yield from (one for one in holders if scene.type_name(one) == "tuple" and scene.heap.unexplained(one))


def from_frames(scene: Scene, ended: Collection[int]) -> Iterator[Edge]:
    """References of the looking thread's running frames that go with their return."""
    wanted = frozenset(ended)
    thread = scene.looking_thread
    for frame in thread.frames if thread else ():
        for source in _sources(scene, frame):
            for target in scene.heap.rows.targets(source):
                if target and (target in wanted or _is_passing(scene, target, wanted)):
                    yield source, target


def _sources(scene: Scene, frame: int) -> set[int]:
    """A frame, and the coroutine or generator that it is of: both show its variables."""
    return {frame, scene.heap.naming.generator_of(frame)} - {0}


def _is_passing(scene: Scene, node: int, ended: frozenset[int]) -> bool:
    """An exception that is being handled, or a container of arguments with an ended object in it."""
    if scene.heap.rows.is_kind(node, EXCEPTION_KIND) or scene.type_name(node) == "traceback":
        return True
    if scene.type_name(node) not in _ARGUMENTS or scene.heap.rows.degree(node) > _ARGUMENTS_MOST:
        return False
    if scene.heap.routes.is_root_like(node):
        return False  # a module's globals are variables of its frame
    return any(one in ended for one in scene.heap.rows.targets(node))


def _running_calls(scene: Scene) -> Iterator[int]:
    """What variables of running frames refer to: as arguments of calls it is held by C's stack as well."""
    running = scene.nodes_at(scene.look.running)
    yield from (node for node in running if scene.is_one(node, TASKS))
    thread = scene.looking_thread
    for frame in thread.frames if thread else ():
        for source in _sources(scene, frame):
            yield source
            yield from scene.heap.rows.targets(source)


def _is_loop(scene: Scene, node: int) -> bool:
    return scene.is_one(node, LOOPS)
