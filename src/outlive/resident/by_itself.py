"""Signals that the program sends to itself: whoever waits for them hears of it before they are sent.

The system delivers such a signal before the call returns: a program that it ends never reaches its next line. The
sampler could only look later, and the program would go on meanwhile. So the calls that send have stand-ins here:
`signal.raise_signal`, `os.kill` of this process or its group, `os.killpg` of it, `signal.pthread_kill` of this thread.
They look like the originals, and call them afterwards.

Left alone is what the system, too, delivers when it likes: signals that this thread has blocked, and those sent to
another thread or, by `pidfd_send_signal` and C code, in ways that are not watched.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _thread
import os
import posix

from outlive import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Is = Callable[[Any], bool]


def watch_sending(before: Callable[[int], None]) -> None:
    """Have `before` called with the number of each signal that comes to this thread by its own doing."""
    _stand_in((posix, os), "kill", _is_this_process, before)
    _stand_in((posix, os), "killpg", _is_this_group, before)
    _stand_in((_signal,), "pthread_kill", _is_this_thread, before)
    _stand_in((_signal,), "raise_signal", None, before)


def _stand_in(modules: tuple[ModuleType, ...], name: str, comes_here: Is | None, before: Callable[[int], None]) -> None:
    """`comes_here` judges the first of two arguments; None: the function has the number alone."""
    wanted = 1 if comes_here is None else 2

    def note(values: tuple[Any, ...]) -> None:
        if len(values) != wanted or not all(isinstance(one, int) for one in values):
            return  # the original says what is wrong with it
        number = values[-1]
        if number > 0 and (comes_here is None or comes_here(values[0])) and not _is_blocked(number):
            before(int(number))

    try:
        made = _core.Hooked(modules[0].__dict__[name], note, whole=True)
    except (KeyError, TypeError, ValueError):
        return
    for module in modules:
        module.__dict__[name] = made


def _is_this_process(target: int) -> bool:
    return target in (os.getpid(), 0) or (target < 0 and target == -os.getpgrp())


def _is_this_group(target: int) -> bool:
    return target in (os.getpgrp(), 0)


def _is_this_thread(target: int) -> bool:
    return target == _thread.get_ident()


def _is_blocked(number: int) -> bool:
    return number in _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
