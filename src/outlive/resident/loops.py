"""Before asyncio cancels what is left: the last moment at which it can be seen who was still waiting, and for what.

`asyncio.run` cancels all tasks that are left when its main one has ended, and whoever looks later finds them gone, as
if they had ended well. A loop that is closed by hand with tasks pending is seen at its `close`. Where nothing is left
nothing is looked at, so a program in order pays nothing. uvloop's own `close` is native and not seen; under
`asyncio.run` and `asyncio.Runner` its loops are.
"""

from __future__ import annotations

import sys
from _weakref import ref

from outlive.lifetimes import calls, imports
from outlive.lifetimes.look import uncollected
from outlive.lifetimes.naming import type_name
from outlive.lifetimes.notebook import NOTEBOOK
from outlive.lifetimes.places import called_from, task_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import FrameType, ModuleType
    from typing import Any

    from outlive.resident.looking import Looker


# Who cancels all that is left in a loop, in which function. What of these a version does not have is not watched.
_ENDINGS = (
    ("asyncio.runners", "_cancel_all_tasks"),
    ("uvicorn._compat", "_cancel_all_tasks"),
    ("hypercorn.asyncio.run", "_cancel_all_tasks"),
    ("anyio._backends._asyncio", "_cancel_all_tasks"),
    ("aiohttp.web", "_cancel_tasks"),
)
# aiohttp before 3.11 calls it for its main task first, whose cancellation is what begins the application's clean-up.
_MAIN_OF_AIOHTTP = "_run_app"
_NAMED = 3


def watch_loops(looker: Looker) -> None:
    """Take a look where a loop ends with something left, once asyncio is imported."""

    last: list[ref[Any]] = []

    def before_end(values: tuple[Any, ...], _caller: FrameType | None) -> None:
        loop = values[0]
        if any(one() is loop for one in last):  # its end begins with the cancelling, and goes on with its close
            return
        with uncollected():
            if _has_something_left(loop):
                last[:] = [ref(loop)]
                looker.look("loop-ends", snapshot=True)

    def before_close(values: tuple[Any, ...], caller: FrameType | None) -> None:
        _tell_of_pending(values[0], caller)
        before_end(values, caller)

    def with_ending(name: str) -> Callable[[ModuleType], None]:
        return lambda module: _watched(module, name, before_end)

    def with_loops(module: ModuleType) -> None:
        calls.watch(module.BaseEventLoop, "close", before=before_close)

    for module, name in _ENDINGS:
        imports.when_imported(module, with_ending(name))
    imports.when_imported("asyncio.base_events", with_loops)


def _watched(module: ModuleType, name: str, before: Callable[..., None]) -> None:
    calls.watch(module, name, names=("loop",), before=before)


def _tell_of_pending(loop: Any, caller: FrameType | None) -> None:
    """A loop that is closed while tasks wait in it: what they wait for can never come. Keeps no task while we look."""
    if loop.is_running() or loop.is_closed():
        return
    names = sorted(task_words(task) for task in _pending_tasks(loop))
    if not names:
        return
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    detail = (
        f"{len(names)} of its tasks {'was' if len(names) == 1 else 'were'} pending: {', '.join(names[:_NAMED])}{more}"
    )
    NOTEBOOK.closing(
        "event loop closed", type_name(loop), called_from(caller), times=1, trouble="in-use", detail=detail, key=0
    )


def _has_something_left(loop: Any) -> bool:
    tasks = _pending_tasks(loop)
    if any(getattr(_code(task), "co_name", "") == _MAIN_OF_AIOHTTP for task in tasks):
        return False
    return bool(tasks) or _has_suspended_generators(loop) or _has_waiting_timers(loop)


def _pending_tasks(loop: Any) -> Collection[Any]:
    module = sys.modules.get("asyncio.tasks")
    return module.all_tasks(loop) if module is not None else ()


def _code(task: Any) -> Any:
    return getattr(task.get_coro(), "cr_code", None)


def _has_suspended_generators(loop: Any) -> bool:
    return any(one.ag_frame is not None for one in list(getattr(loop, "_asyncgens", ())))


def _has_waiting_timers(loop: Any) -> bool:
    """Of plain callbacks: what wakes a task is the task's."""
    return any(not timer._cancelled for timer in list(getattr(loop, "_scheduled", ())))
