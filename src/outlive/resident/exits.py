"""The ways in which a program ends by itself: the interpreter's end, and `os._exit`.

The function for the interpreter's end is registered before the program's first line, so it is called last: threads have
been joined by then, the program's own `atexit` functions have run, modules are still whole. Was an exception the end?
The interpreter has printed it by then and left its type in `sys.last_value`: no hook of ours is needed.

`os._exit` asks nobody. A stand-in looks like it, takes the last look and calls the real one. `os.abort`, a fault or
SIGKILL leave nothing behind but the last look of an interval; nor does `exec`, after which it is another program.
"""

from __future__ import annotations

import os
import sys

from outlive import _core
from outlive.resident import unnoticed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outlive.resident.looking import Looker


def watch_exits(looker: Looker, *, snapshot: bool, leave: Callable[[], None]) -> None:
    """Take the last look at each of these ends; `leave` gives back what we hold when the interpreter ends."""

    def at_end() -> None:
        if looker.is_copy:
            return
        looker.leave_word("ending", _how())
        looker.look("exit", snapshot=snapshot, settle=snapshot and _collects(), last=True)
        try:
            leave()
        except Exception:
            pass

    def at_os_exit(status: object) -> None:
        if status is None or type(status) is int:  # else the real one refuses, and the program goes on
            looker.look("os._exit", snapshot=snapshot)

    unnoticed.module("atexit").register(at_end)
    _stand_in_for_os_exit(at_os_exit)


def _how() -> str:
    """The type of the exception that ended it, or nothing. Its message is the program's and stays unread."""
    error = getattr(sys, "last_value", None)
    return "" if error is None else f"raised={type(error).__name__}"


def _collects() -> bool:
    """Whether the interpreter collects by itself in a moment, so that we may do it now."""
    gc = sys.modules.get("gc")
    return bool((gc or unnoticed.module("gc")).isenabled())


def _stand_in_for_os_exit(note: Callable[..., None]) -> None:
    import posix

    stand_in = _native_stand_in(posix._exit, note) or _written_stand_in(posix._exit, note)
    for module in (os, posix):
        module.__dict__["_exit"] = stand_in


def _native_stand_in(function: Callable[..., object], note: Callable[..., None]) -> Callable[..., object] | None:
    """One that adds no frame and looks like the original, where the native core makes one of a built-in function."""
    hooked = getattr(_core, "Hooked", None)
    try:
        made: Callable[..., object] | None = hooked(function, note) if hooked is not None else None
    except (TypeError, ValueError):
        return None
    return made


def _written_stand_in(function: Callable[..., object], note: Callable[..., None]) -> Callable[..., object]:
    def _exit(status: int) -> None:
        note(status)
        function(status)

    _exit.__module__, _exit.__qualname__, _exit.__doc__ = "posix", "_exit", function.__doc__
    _exit.__annotations__.clear()
    return _exit
