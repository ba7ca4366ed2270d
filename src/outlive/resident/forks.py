"""Around a fork: our thread is away, and the copy is a process that nobody watches.

Theory of operation. From 3.12 on `os.fork` warns, in the parent and after its hooks have run, when the system sees more
than one thread: ours would make a warning appear that the program never had. So the thread ends before the fork, and
comes back only after the forking call has returned. No hook of Python's runs that late; but a profile function, set
from within the hook, is called at the next call or return. It waits until the forking frame has gone on from its call,
takes itself away and starts the thread. Where the program has a profile function of its own the thread stays away:
there are no looks of intervals from then on, and signals end the program as they would without us.

The copy keeps no stamps: it goes on as if it had never been watched.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_WARNS = sys.version_info >= (3, 12)


def watch_forks(
    stop: Callable[[], bool], start: Callable[[], None], stay_away: Callable[[], None], become_copy: Callable[[], None]
) -> None:
    """`stop` before a fork (says whether there was anything to stop); after it `start`, or `stay_away` where that
    cannot be; `become_copy` in the copy."""
    stopped: list[bool] = []

    def before() -> None:
        try:
            stopped[:] = [stop()]
        except Exception:
            stopped.clear()

    def after() -> None:
        if not (stopped and stopped.pop()):
            return
        try:
            if sys.getprofile() is None:
                _when_gone_on(sys._getframe(1), start)
                return
        except ValueError:
            pass  # no Python code has asked for the fork
        stay_away()

    def in_copy() -> None:
        stopped.clear()
        try:
            become_copy()
        except Exception:
            pass

    if _WARNS:
        os.register_at_fork(before=before, after_in_parent=after)
    os.register_at_fork(after_in_child=in_copy)


def _when_gone_on(frame: FrameType, start: Callable[[], None]) -> None:
    """Call `start` once `frame` has gone on from the instruction in which it is now."""
    instruction = frame.f_lasti

    def notice(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal frame
        if frame.f_lasti == instruction:
            return
        sys.setprofile(None)
        del frame
        try:
            start()
        except Exception:
            pass

    sys.setprofile(notice)
