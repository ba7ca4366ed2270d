"""Why a probe could not read: the process is gone, not ours to read, or has no such thing.

Told apart by errno and by what /proc shows, never by an error's text. A refusal is not a count of zero.
"""

from __future__ import annotations

import errno
import os

from outlive.errors import MeasureError


class ProcessGone(MeasureError):
    """There is no such process, or no longer; or another one carries its number now."""

    slug = "process-gone"

    def __init__(self, pid: int, *, why: str = "") -> None:
        super().__init__(f"process {pid} is not running", why=why, hint="ps -e   shows the processes that are")
        self.pid = pid


class NotPermitted(MeasureError):
    """The process is there and the system does not let us look."""

    slug = "not-permitted"

    def __init__(self, pid: int, what: str) -> None:
        super().__init__(
            f"cannot read {what} of process {pid}: permission denied",
            why="it belongs to another user, or may not be inspected",
            hint=f"run as its owner, or:  sudo outlive watch {pid}",
        )
        self.pid = pid


class NothingToMeasure(MeasureError):
    """The process, the system or the interpreter has no such figure."""

    slug = "nothing-to-measure"


class OwnProcessOnly(MeasureError):
    """The figure is known only inside the process itself."""

    slug = "own-process-only"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} can only be read inside the process itself",
            why="the interpreter keeps it; nothing outside shows it",
            hint="in that program:  with outlive.Tracker(figures=[…]) as t: …",
        )


def refusal(error: OSError, pid: int | None, what: str) -> MeasureError:
    """The refusal that an OSError under /proc/PID stands for; `what` says what was being read."""
    number = os.getpid() if pid is None else pid
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPermitted(number, what)
    if error.errno in (errno.ENOENT, errno.ESRCH) and not (pid is None or os.path.exists(f"/proc/{pid}")):
        return ProcessGone(number)
    return NothingToMeasure(f"cannot read {what} of process {number}: {error.strerror}")
