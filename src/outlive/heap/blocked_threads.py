"""Threads that wait for each other's Python code, without a timeout: in a Condition, for another's end, or for a lock.

Event, Queue, Semaphore and Barrier of the standard library wait in a Condition; each waiting makes a lock of its own,
which stands in the Condition's list until somebody notifies it. So a thread whose innermost frame is `Condition.wait`
without a timeout and whose lock is locked and listed waits for a notification, and for nothing else.

That a thread waits for a lock directly, no frame says: `lock.acquire()` and `with lock: sleep(60)` are one frame at
one line. The snapshot says it where the kernel did.

Not known here: who has the bound method of C that a `with lock:` leaves on the value stack. It looks like somebody's,
so a lock that is entered so may always be released. Threads in `queue.SimpleQueue.get`, C code, count as running.

A waiting thread is part of what holds its lock: its C stack has a reference to it, one to each argument of a call from
C that is under way, and the start-up code one to the Thread and to what it calls. Those are `hidden` and must not look
like somebody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from outlive.capture.snapshot import NativeState
from outlive.heap.modules import is_ours
from outlive.heap.rows import FRAME, slot_of
from outlive.heap.threads import Thread
from outlive.heap.waiting import Sleeper, frame_of

if TYPE_CHECKING:
    from outlive.heap.heap import Heap

_FIRST_SLOT = 4  # of a frame's references where frames are no objects, see layout 35
_MOST_REFERRERS = 200
STARTED_WITH = ("_target", "_args", "_kwargs")  # what a Thread keeps for its start, and nobody else uses


def blocked_threads(heap: Heap) -> Iterator[Sleeper]:
    """Each thread that only a notification or another thread's end can let go on."""
    by_object = {thread.thread_object: thread for thread in heap.threads.all if thread.thread_object}
    for thread in heap.threads.all:
        frames = tuple(frame for frame in thread.frames if heap.location(frame)[0])
        if not frames or any(is_ours(heap.naming.module_of(frame) or "") for frame in frames):
            continue
        key = _notified_by(heap, frames) or _joined(heap, frames, by_object) or _locked_out(heap, thread.node, frames)
        if key:
            hidden = _hidden(heap, thread, key)
            yield Sleeper(thread.thread_object, "thread", frames, (key,), frames[::-1], key, hidden=hidden)


def _notified_by(heap: Heap, frames: tuple[int, ...]) -> int:
    """The lock that a notification would release; 0 where the thread does not wait for one for ever."""
    if not _runs(heap, frames[0], "threading", "wait"):
        return 0
    here = locals_of(heap, frames[0])
    waiter = here.get("waiter", 0)
    if heap.type_name(here.get("timeout", 0)) != "NoneType" or heap.state(waiter) is not NativeState.LOCKED:
        return 0
    return waiter if waiter in heap.elements(heap.attribute(here.get("self", 0), "_waiters")) else 0


def _joined(heap: Heap, frames: tuple[int, ...], by_object: dict[int, Thread]) -> int:
    """The innermost frame of the thread whose end is awaited: what stands there is awake when that thread is."""
    inside = _runs(heap, frames[0], "threading", "_wait_for_tstate_lock")
    frame = frames[1] if inside and len(frames) > 1 else frames[0]
    if not _runs(heap, frame, "threading", "join"):
        return 0
    here = locals_of(heap, frame)
    other = by_object.get(here.get("self", 0))
    if other is None or not other.frames or heap.type_name(here.get("timeout", 0)) != "NoneType":
        return 0
    return next((frame for frame in other.frames if heap.location(frame)[0]), 0)


def _locked_out(heap: Heap, thread: int, frames: tuple[int, ...]) -> int:
    """The lock that the kernel says it waits for. A thread's end is announced by C code, which no frame shows."""
    ends = any(_runs(heap, frames[0], "threading", name) for name in ("_wait_for_tstate_lock", "_shutdown", "join"))
    return 0 if ends else heap.snapshot.waits.get(thread, 0)


def _runs(heap: Heap, frame: int, module: str, name: str) -> bool:
    """Does a function or method of this name of the module run in the frame? (The code of 3.10 knows no class.)"""
    return heap.naming.module_of(frame) == module and heap.naming.function_name(frame).rpartition(".")[2] == name


def locals_of(heap: Heap, frame: int) -> dict[str, int]:
    """Variables of a running frame, or of a coroutine, by name."""
    frame = frame_of(heap, frame) or frame
    names = heap.naming.variables(frame)
    return {name: target for slot, target in _slots(heap, frame) if slot < len(names) and (name := names[slot])}


def _slots(heap: Heap, frame: int) -> list[tuple[int, int]]:
    """(slot, what it holds); empty ones left out."""
    rows = heap.rows
    targets = rows.targets(frame)
    if rows.layout(frame) == FRAME:
        return [(slot, target) for slot, target in enumerate(targets[_FIRST_SLOT:]) if target]
    slots = ((slot_of(code), target) for code, target in zip(rows.codes(frame), targets))
    return [(slot, target) for slot, target in slots if slot is not None and target]


def stacked(heap: Heap) -> Counter[int]:
    """Before 3.11: references that value stacks of running frames have, where nobody sees them: one to each argument of
    a call under way, and one more where a variable was handed on."""
    if not heap.rows.snapshot.python_version.startswith("3.10."):
        return Counter()
    frames = (frame for thread in heap.threads.all for frame in thread.frames)
    return Counter(2 * [target for frame in frames for target in _held(heap, frame)])


def _hidden(heap: Heap, thread: Thread, key: int) -> tuple[tuple[int, int], ...]:
    found: Counter[int] = Counter({key: 1})
    for frame in _called_from_c(heap, thread):
        found.update(_held(heap, frame))
    running = {heap.naming.function_name(frame).rpartition(".")[2] for frame in thread.frames}
    for method in {one for target in tuple(found) for one in _methods_of(heap, target)}:
        if heap.naming.what(method).rpartition(".")[2] in {"__exit__", *running}:  # of a `with` that a frame is in
            found[method] += 1
    if thread.thread_object:
        found[thread.thread_object] += len(thread.frames)
        found.update(_methods_of(heap, thread.thread_object))
        kept = heap.attributes(thread.thread_object)
        found.update(kept[name] for name in STARTED_WITH if name in kept)
    return tuple(found.items())


def _held(heap: Heap, frame: int) -> list[int]:
    """What its variables refer to; of those that inner functions use, what stands in their cells."""
    held = [target for _slot, target in _slots(heap, frame)]
    cells = [target for target in held if heap.type_name(target) == "cell"]
    return [*held, *(target for cell in cells for target in heap.rows.targets(cell))]


def _called_from_c(heap: Heap, thread: Thread) -> list[int]:
    """Frames whose arguments their caller holds as well, where nobody sees it. Before 3.12 nothing tells them from the
    others; from then on a frame without code stands between C and them."""
    frames = thread.frames
    version = heap.rows.snapshot.python_version
    if version.startswith(("3.10.", "3.11.")):
        return [frame for frame in frames if heap.location(frame)[0]]
    return [inner for inner, outer in pairwise(frames) if heap.location(inner)[0] and not heap.location(outer)[0]]


def _methods_of(heap: Heap, node: int) -> set[int]:
    """Bound methods of the object; what very many refer to is shared by all, and passed over."""
    sources = heap.graph.referrers(node)[:_MOST_REFERRERS].tolist()
    return {source for source in sources if heap.type_name(source) == "method"}
