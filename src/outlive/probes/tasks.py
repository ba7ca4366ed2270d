"""asyncio tasks that are not done, and timers that are scheduled and not cancelled.

Never imports asyncio: a program that has not loaded it has neither. Without a loop given, all tasks of the process are
meant, in whatever thread their loop runs; timers belong to a loop, and without one given the running loop is meant.

A loop that keeps its timers elsewhere than in the standard library's heap (uvloop) is not seen into, and that is said
(NothingToMeasure), not counted as none.
"""

from __future__ import annotations

import sys

from outlive.probes.declaration import PER_ITEM, Probe
from outlive.probes.refusals import NothingToMeasure, OwnProcessOnly
from outlive.probes.row import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

PROBE = Probe(
    "tasks",
    counts="asyncio tasks not done, and scheduled timers",
    cost=PER_ITEM,
    observer_effect="holds the tasks while it counts; runs no code of theirs and does not turn the loop",
    other_processes=False,
)


class Task(Row):
    """One task that is not done. `where` is file:line of the innermost frame that it is suspended in."""

    __slots__ = ("coroutine", "name", "where")
    name: str
    coroutine: str
    where: str

    def __init__(self, name: str, coroutine: str, where: str) -> None:
        self._fill(coroutine, name, where)


def read(pid: int | None = None) -> dict[str, int]:
    """`tasks` of all loops of this process, and `timers` of the loop that runs in this thread (none runs: 0)."""
    if pid is not None:
        raise OwnProcessOnly("tasks")
    return {"tasks": count_tasks(), "timers": count_timers()}


def count_tasks(loop: AbstractEventLoop | None = None) -> int:
    """Tasks that are not done, of `loop` or of every loop."""
    return len(pending(loop))


def count_timers(loop: AbstractEventLoop | None = None) -> int:
    """Timers of `loop` (default: the running one) that will still fire: scheduled and not cancelled."""
    asked: Any = loop if loop is not None else _running_loop()
    if asked is None:
        return 0
    scheduled = getattr(asked, "_scheduled", None)
    if scheduled is None:
        kind = type(asked)
        raise NothingToMeasure(
            f"the timers of {kind.__module__}.{kind.__qualname__} cannot be counted",
            why="it does not keep them where asyncio's own loops do",
        )
    return sum(1 for handle in list(scheduled) if not handle.cancelled())


def list_tasks(loop: AbstractEventLoop | None = None) -> list[Task]:
    """Tasks that are not done, of `loop` or of every loop, sorted by name.

    Asking where a task stands makes frame objects, which live as long as those frames: look, do not count with it.
    """
    rows = [_row(task) for task in pending(loop)]
    return sorted(rows, key=lambda row: (row.name, row.coroutine, row.where))


def pending(loop: AbstractEventLoop | None = None) -> list[Any]:
    """The tasks that are not done, of `loop` or of every loop. The list holds them: drop it soon."""
    module: Any = sys.modules.get("asyncio.tasks")
    if module is None:
        return []
    if loop is not None:
        return list(module.all_tasks(loop))
    return [task for task in registered() if not task.done()]


def registered() -> set[Any]:
    """Every task that asyncio has on its books, done or not, copied in one go: other threads add theirs while we look.

    3.10 and 3.11 keep a WeakSet `_all_tasks`; 3.12 and 3.13 `_scheduled_tasks`, and eager tasks in a set beside it.
    """
    module: Any = sys.modules.get("asyncio.tasks")
    weak = getattr(module, "_scheduled_tasks", None)
    if weak is None:
        weak = getattr(module, "_all_tasks", None)
    references = [] if weak is None else list(weak.data)
    tasks = {task for task in (reference() for reference in references) if task is not None}
    return tasks | set(getattr(module, "_eager_tasks", ()))


def _running_loop() -> Any:
    events: Any = sys.modules.get("asyncio.events")
    return None if events is None else events._get_running_loop()


def _row(task: Any) -> Task:
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", None) or type(coroutine).__qualname__
    return Task(str(task.get_name()), str(name), _where(coroutine))


def _where(coroutine: Any) -> str:
    """Follow `await` inward to the last frame that Python code owns.

    Only the interpreter's own coroutines and generators are asked: another awaitable's attributes may run its code.
    """
    import types

    frame = None
    for _ in range(1000):  # a bound: a coroutine can be made to await itself
        if type(coroutine) is types.CoroutineType:
            inner, awaited = coroutine.cr_frame, coroutine.cr_await
        elif type(coroutine) is types.GeneratorType:
            inner, awaited = coroutine.gi_frame, coroutine.gi_yieldfrom
        else:
            break
        frame, coroutine = inner or frame, awaited
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
