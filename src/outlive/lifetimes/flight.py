"""What runs at this very moment: asyncio's handles and tasks whose callback is on some thread's stack.

What such a handle holds is in flight: gone after one turn of the loop. Only addresses leave this file.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_MOST_FRAMES = 2000


def running() -> list[int]:
    """Addresses of the running tasks and handles of all threads."""
    if "asyncio.events" not in sys.modules:
        return []
    found = [id(task) for task in current_tasks()]
    run = getattr(getattr(sys.modules["asyncio.events"], "Handle", None), "_run", None)
    code = getattr(run, "__code__", None)
    if code is not None:
        for frame in list(sys._current_frames().values()):
            found += _handles(frame, code)
    return list(dict.fromkeys(found))


def current_tasks() -> list[Any]:
    """The task that each running loop is in."""
    module: Any = sys.modules.get("asyncio.tasks")
    tasks = getattr(module, "_current_tasks", None)
    found = list(tasks.values()) if isinstance(tasks, dict) else []
    mine = current_task()
    return found if mine is None or any(one is mine for one in found) else [*found, mine]


def current_task() -> Any:
    """The task that runs in this thread; None outside of tasks. Raises nothing."""
    events: Any = sys.modules.get("asyncio.events")
    module: Any = sys.modules.get("asyncio.tasks")
    loop = events._get_running_loop() if events is not None and module is not None else None
    if loop is None:
        return None
    try:
        return module.current_task(loop)
    except Exception:
        return None


def _handles(frame: FrameType | None, code: Any) -> list[int]:
    found = []
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        if frame.f_code is code:
            space = frame.f_locals
            handle = space.get("self")
            if handle is not None:
                found.append(id(handle))
            if sys.version_info < (3, 13):
                space.clear()  # it would keep the handle until the callback returns
        frame = frame.f_back
    return found
