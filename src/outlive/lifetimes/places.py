"""Where in the program something happens: file, line and function of the frame that is meant.

Looks at the frames of this thread only. On 3.11 and later that makes a frame object of each frame that is asked, which
lives as long as the frame does; none is kept here.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    Place = tuple[str, int, str]

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_MOST_FRAMES = 200
# The machinery that stands between a call and whoever meant it.
_BETWEEN = frozenset(
    os.path.join(os.path.dirname(os.__file__), *parts)
    for parts in (
        ("contextlib.py",), ("asyncio", "events.py"), ("asyncio", "base_events.py"), ("asyncio", "runners.py"),
        ("asyncio", "tasks.py"), ("asyncio", "timeouts.py"), ("threading.py",), ("functools.py",),
    )
)  # fmt: skip


def called_from(frame: FrameType | None) -> Place | None:
    """The first place from `frame` outwards that is neither Outlive's nor the machinery of context managers and loops.

    None if there is none: a task's own first function was called by a loop, which is no place to go to.
    """
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return None
        file = frame.f_code.co_filename
        if not file.startswith(_OURS) and file not in _BETWEEN:
            return place_of(frame)
        frame = frame.f_back
    return None


def here() -> Place | None:
    """Where in the program the running call of Outlive was made."""
    return called_from(sys._getframe(1))


def place_of(frame: FrameType) -> Place:
    return frame.f_code.co_filename, frame.f_lineno or frame.f_code.co_firstlineno, function_name(frame.f_code)


def function_name(code: CodeType) -> str:
    name: str = getattr(code, "co_qualname", code.co_name)  # 3.11
    return name


def standing_at(coroutine: Any) -> Place | None:
    """Where a coroutine is suspended, or runs: the innermost line that is not the machinery's."""
    found = None
    for _ in range(_MOST_FRAMES):
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None and frame.f_code.co_filename not in _BETWEEN:
            found = place_of(frame)
        inner = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
        if inner is None:
            break
        coroutine = inner
    return found


def task_words(task: Any) -> str:
    """A task as a person knows it: its name, and its coroutine's. Asks asyncio's own methods only."""
    try:
        name = getattr(task.get_coro(), "__qualname__", "")
        return f"{task.get_name()} ({name})" if name else str(task.get_name())
    except Exception:
        return "a task"
