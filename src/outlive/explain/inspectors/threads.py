"""Threads, timers of threads, executors: over or still running."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, expected, stuck, unknown
from outlive.explain.kinds import native_word, says


def thread(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`_is_stopped` up to 3.12; from 3.13 on the handle is C's and tells its state natively, if at all.

    A running thread is expected only where nobody says that a step made it: a thread that nobody stops is a leak.
    """
    handle = heap.attribute(node, "_handle")
    word = native_word(heap, handle) if handle else ""
    if says(heap, node, "_is_stopped") == "True" or word in ("done", "finished"):
        return stuck("has finished, and is still referred to")
    if word == "running" or says(heap, node, "_is_stopped") == "False":
        return _alive(heap, node, context)
    return None


def _alive(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """A thread that was never started is not stopped either; only `_started` tells."""
    started = heap.attribute(node, "_started")
    if not started or says(heap, started, "_flag") != "True":
        return None
    if context.is_new(node):
        return unknown("is running: nothing has stopped it")
    return expected("is running")


def timer(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    finished = heap.attribute(node, "finished")
    over = finished and says(heap, finished, "_flag") == "True"
    return stuck("fired or cancelled, and still referred to") if over else None


def executor(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`_shutdown` of thread pools, `_shutdown_thread` of process pools."""
    over = "True" in (says(heap, node, "_shutdown"), says(heap, node, "_shutdown_thread"))
    return stuck("was shut down, and is still referred to") if over else None


def future(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`_state` is a string of concurrent.futures; where texts of values are not kept there is no answer."""
    state = says(heap, node, "_state")
    if state in ("FINISHED", "CANCELLED", "CANCELLED_AND_NOTIFIED"):
        return stuck("done, and still referred to")
    return None


INSPECTORS = {
    "threading.Thread": thread,
    "threading.Timer": timer,
    "concurrent.futures.thread.ThreadPoolExecutor": executor,
    "concurrent.futures.process.ProcessPoolExecutor": executor,
    "concurrent.futures._base.Future": future,
}
