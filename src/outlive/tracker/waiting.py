"""Waiting for whichever comes first: a moment, the end of a process, Ctrl-C or SIGTERM.

A signal that raises could strike in the middle of a sample. So while we wait and sample, SIGINT and SIGTERM only leave
a mark: their handler writes one byte to a pipe, and the next wait sees it. The end of a process comes through a pidfd,
which names the process itself and not its number; where the kernel has none, the next sample finds out.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from enum import Enum
from types import FrameType
from typing import Any


class Woken(Enum):
    """What ended a wait."""

    TIME = "time"
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"


_OF_SIGNAL = {signal.SIGINT: Woken.INTERRUPTED, signal.SIGTERM: Woken.TERMINATED}


class Waiting:
    """A context manager around one process; puts the signal handlers back when it is left.

    Outside the main thread, where Python allows no handlers, it waits for the rest.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Waiting:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._process = _pidfd(self._pid)
        if threading.current_thread() is threading.main_thread():
            for number in _OF_SIGNAL:
                # One that is ignored stays so: `nohup` and a shell's `&` have asked for that.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._mark)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for descriptor in (self._reader, self._writer, self._process):
            if descriptor is not None:
                os.close(descriptor)

    def until(self, moment: float) -> Woken:
        """Wait until `moment` (on the monotonic clock), the end of the process or a signal. A signal comes first."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if self._process is not None:
            poll.register(self._process, select.POLLIN)
        while True:
            left_ms = max(0.0, moment - time.monotonic()) * 1000
            ready = {descriptor for descriptor, _ in poll.poll(min(left_ms, 3_600_000))}
            if self._reader in ready:
                return _OF_SIGNAL[signal.Signals(os.read(self._reader, 1)[0])]
            if ready:
                return Woken.ENDED
            if time.monotonic() >= moment:
                return Woken.TIME

    def _mark(self, number: int, frame: FrameType | None) -> None:
        try:
            os.write(self._writer, bytes((number,)))
        except BlockingIOError:
            pass  # the pipe holds thousands of marks already: one is enough


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where there is none to have."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
