"""Mistakes of asyncio that are seen only while they happen; each can be left out, each costs next to nothing.

- swallowed-cancellation: a task was asked to cancel and went on (`cancellation`).
- task-lost: a task was collected before it was done, since nobody held it; the loop's exception handler is told, and
  the call that tells it is watched.
- never-awaited: a coroutine was dropped before it ran; the call that warns of it is watched, the warning stays as it
  was.
- temp-files: what `tempfile` makes.

The fourth event, enter-raised, belongs to contracts and is watched by `hooks`.
"""

from __future__ import annotations

from outlive.lifetimes import calls, cancellation, clock, imports, temporary
from outlive.lifetimes.naming import type_name
from outlive.lifetimes.notebook import NOTEBOOK
from outlive.lifetimes.places import called_from, task_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

_LOST = "Task was destroyed but it is pending!"
_started: set[str] = set()


def start(names: Iterable[str] | None = None) -> None:
    """Begin those named, all if none are; a second time changes nothing."""
    for name, begin in _WATCHERS.items():
        if (names is None or name in names) and name not in _started:
            _started.add(name)
            begin()


def look_again() -> None:
    """Take back what has turned out to be no mistake."""
    cancellation.look_again()


def _watch_lost_tasks() -> None:
    def attach(module: Any) -> None:
        calls.watch(module.BaseEventLoop, "call_exception_handler", names=("context",), before=_handler_called)

    imports.when_imported("asyncio.base_events", attach)


def _handler_called(values: tuple[Any, ...], caller: FrameType | None) -> None:
    context = values[0]
    if type(context) is not dict or context.get("message") != _LOST:
        return
    task = context.get("task")
    tick, scope, site = clock.birth(task)
    NOTEBOOK.event("task-lost", task_words(task), site, type=type_name(task), tick=tick or clock.tick(), scope=scope)


def _watch_unawaited_coroutines() -> None:
    def attach(module: Any) -> None:
        calls.watch(module, "_warn_unawaited_coroutine", names=("coro",), before=_warned)

    imports.when_imported("warnings", attach)


def _warned(values: tuple[Any, ...], caller: FrameType | None) -> None:
    coroutine = values[0]
    code = getattr(coroutine, "cr_code", None)
    where = "" if code is None else f"defined at {code.co_filename}:{code.co_firstlineno}"
    tick, scope, site = clock.birth(coroutine)
    name = getattr(coroutine, "__qualname__", "?")
    NOTEBOOK.event(
        "never-awaited", name, site or called_from(caller), detail=where if site else f"{where}; dropped here",
        type=type_name(coroutine), tick=tick or clock.tick(), scope=scope,
    )  # fmt: skip


_WATCHERS: dict[str, Callable[[], None]] = {
    "swallowed-cancellation": cancellation.watch,
    "task-lost": _watch_lost_tasks,
    "never-awaited": _watch_unawaited_coroutines,
    "temp-files": temporary.watch,
}
NAMES = tuple(_WATCHERS)
