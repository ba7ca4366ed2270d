"""A cancellation that was swallowed: the task was asked to cancel, got its CancelledError, and went on.

Theory of operation. Two ways of knowing, both without touching the task.

*It goes on* (from 3.11, which counts cancellations). What is watched is the exception itself, weakly. While a handler
or a finally block deals with it, while it is another exception's context, it lives. Once it is dead and the task that
it was thrown into is not done and still has a cancellation asked of it (`cancelling()`, which `asyncio.timeout` and
task groups take back), somebody has dropped it. A task that took the cancellation as a sign to come to its end, and
has come to it by the time of the look, is not told of (`look_again`).

*`asyncio.wait_for` drops it* (3.10 and 3.11, mended in 3.12). When the task is woken with a CancelledError and stands
in `wait_for`, whose awaited future is done, then `wait_for` returns that result: certain before it happens. Its own
waiter can be cancelled by nobody but through the task.

How the exception is met: from 3.12 on by the monitoring event of an exception thrown into a coroutine; before, by
CancelledError's construction, which happens while the loop's handle wakes the task. Other swallowings are not seen on
3.10, which does not count, and none in loops that do not show their handles there.
"""

from __future__ import annotations

import os
import sys
from _thread import interrupt_main
from _weakref import ref

from outlive.lifetimes import calls, clock, flight, imports
from outlive.lifetimes.naming import type_name
from outlive.lifetimes.notebook import NOTEBOOK
from outlive.lifetimes.places import place_of, standing_at, task_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from outlive.lifetimes.places import Place

_KIND = "swallowed-cancellation"
_watched: dict[int, _Thrown] = {}  # keeps the weak references, by the identity of what they are of
_going_on: list[tuple[ref[Any], dict[str, Any]]] = []
_MOST = 256
_COUNTED = sys.version_info >= (3, 11)
_MENDED = sys.version_info >= (3, 12)
_TASKS_FILE = os.path.join("asyncio", "tasks.py")


class _Thrown(ref):  # type: ignore[type-arg]
    """A CancelledError that was thrown into a task, and where the task stood."""

    __slots__ = ("key", "place", "task")
    key: int
    task: ref[Any]
    place: Place | None


def watch() -> None:
    imports.when_imported("asyncio.exceptions", _attach)


def _attach(module: Any) -> None:
    error_type = module.CancelledError
    if not calls.on_throw(_thrown, error_type):
        _watch_construction(error_type)


def _thrown(error: BaseException) -> None:
    """An exception is being thrown into a coroutine of the task that runs."""
    task = flight.current_task()
    if task is not None:
        _note(error, task)


def _watch_construction(error_type: Any) -> None:
    if "__init__" in error_type.__dict__:
        return  # watched already
    construct = BaseException.__init__

    def __init__(self: BaseException, *args: Any) -> None:
        try:
            construct(self, *args)
            task = flight.current_task() or _woken(sys._getframe(1))
            if task is not None and not _foreseen(task):
                _note(self, task)
        except Exception:
            pass
        except BaseException:
            # A signal's handler raised just here. Above us stands C code of asyncio that takes the error for granted
            # (3.10 would crash); so the signal is sent again, to be heard a moment later.
            interrupt_main()

    error_type.__init__ = __init__


def _woken(frame: FrameType) -> Any:
    """The task that the running handle wakes."""
    handle_type = getattr(sys.modules.get("asyncio.events"), "Handle", None)
    run = getattr(getattr(handle_type, "_run", None), "__code__", None)
    if frame.f_code is not run:
        return None
    space = frame.f_locals
    callback = getattr(space.get("self"), "_callback", None)
    if sys.version_info < (3, 13):
        space.clear()
    task = getattr(callback, "__self__", None)
    return task if hasattr(task, "get_coro") else None


def _note(error: BaseException, task: Any) -> None:
    if not _COUNTED or len(_watched) >= _MOST or id(error) in _watched:
        return  # the last: thrown into one coroutine after the other, on its way out
    thrown = _Thrown(error, _dropped)
    thrown.key, thrown.task, thrown.place = id(error), ref(task), standing_at(task.get_coro())
    _watched[thrown.key] = thrown


def _dropped(thrown: _Thrown) -> None:
    """The exception is gone: is its task still at work, and still asked to cancel?"""
    try:
        _watched.pop(thrown.key, None)
        task = thrown.task()
        if task is None or task.done() or task.cancelling() == 0 or len(_going_on) >= _MOST:
            return
        row = _tell(task, thrown.place, "it was asked to cancel, dropped the CancelledError and went on")
        _going_on.append((ref(task), row))
    except Exception:
        pass


def _foreseen(task: Any) -> bool:
    """Whether the task stands in a `wait_for` that is about to return although the task is cancelled; tells so."""
    if _MENDED:
        return False
    coroutine = task.get_coro()
    outer = None
    for _ in range(_MOST):
        inner = getattr(coroutine, "cr_await", None)
        if inner is None or not hasattr(inner, "cr_frame"):
            break
        outer, coroutine = coroutine, inner
    code, frame = getattr(coroutine, "cr_code", None), getattr(coroutine, "cr_frame", None)
    if code is None or frame is None or code.co_name != "wait_for" or not code.co_filename.endswith(_TASKS_FILE):
        return False
    space = frame.f_locals
    awaited, waiter = space.get("fut"), space.get("waiter")
    space.clear()
    if awaited is None or not awaited.done() or waiter is None or not waiter.cancelled():
        return False
    place = place_of(outer.cr_frame) if outer is not None and outer.cr_frame is not None else None
    _tell(task, place, "asyncio.wait_for dropped it: its result had come in the same turn (mended in Python 3.12)")
    return True


def _tell(task: Any, place: Place | None, detail: str) -> dict[str, Any]:
    tick, scope, _ = clock.birth(task)
    return NOTEBOOK.event(
        _KIND, task_words(task), place, detail=detail, type=type_name(task), tick=tick or clock.tick(), scope=scope,
        address=id(task),
    )  # fmt: skip


def look_again() -> None:
    """Take back what is told of tasks that have ended since, or of which nothing is asked any more."""
    for pair in list(_going_on):
        task, row = pair[0](), pair[1]
        if task is None or task.done() or task.cancelling() == 0:
            row["kind"] = ""
            _going_on.remove(pair)
