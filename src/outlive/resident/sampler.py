"""The one thread of ours in the watched program: it sleeps, and looks when the time or a signal says so.

Theory of operation. `threading` never hears of it, the interpreter's end does not wait for it, and all signals are
blocked in it: whatever is sent to the process is the program's main thread's, as it was before. It sleeps in poll()
on a pipe, whose descriptors lie high, out of the way of programs that count or close theirs; a byte in the pipe is a
signal's number, or 0, which wakes it to go away (before a fork, and at the end). If somebody closed the pipe it goes,
too.

Looks of an interval hold figures and no snapshot. There are at most `_MOST` of them: when there are more, every second
one is deleted and the pause doubles, so that a run of days leaves as much as one of hours.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _thread
import os
import time

from outlive.lifetimes import opened
from outlive.resident import unnoticed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outlive.resident.looking import Looker

_MOST = 240
_HIGHEST, _LOWEST_TRY = 4096, 64  # as far up as this, and at least so many numbers are tried
_GONE_WITHIN_S = 2.0
_WAKE = b"\0"
_READABLE = 1  # POLLIN


class Sampler:
    """The thread and its pipe. `on_signal` gets the numbers that come through the pipe; `on_gone` is called when the
    thread went unasked, so that nobody goes on to write into it."""

    def __init__(
        self, looker: Looker, every_s: float, on_signal: Callable[[int], None], on_gone: Callable[[], None]
    ) -> None:
        self._looker, self._every_s, self._on_signal, self._on_gone = looker, every_s, on_signal, on_gone
        read_end, write_end = os.pipe()
        self._read_end, self.write_end = _move_high(read_end), _move_high(write_end)
        os.set_blocking(self._read_end, False)
        os.set_blocking(self.write_end, False)
        self._pipe = _identity(self._read_end)
        self._poll = unnoticed.module("select").poll()  # select() knows no descriptor above 1023
        self._poll.register(self._read_end, _READABLE)
        self._due = time.monotonic() + every_s
        self._kept: list[str] = []
        self._wanted = self._runs = False
        self.native_id = 0
        for end in (self._read_end, self.write_end):
            opened.leave_out("fd", end)

    def start(self) -> None:
        """Begin to sleep. Signals are blocked meanwhile, so that the thread is born with all of them blocked."""
        if self._looker.is_copy:
            return
        self._wanted = True
        if self._runs:  # a look took longer than the wait for it to go
            return
        self._runs = True
        before = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
        try:
            _thread.start_new_thread(self._live, ())
        except RuntimeError:
            self._runs = False  # no more threads to be had: there are no looks of intervals then
            self._on_gone()
        finally:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)

    def stop(self) -> bool:
        """Send it away and wait until the system has forgotten it, within a bound. True: it ran."""
        if not self._wanted or self._looker.is_copy:
            return False
        self._wanted = False
        if not self._ours():
            return False
        os.write(self.write_end, _WAKE)
        task, deadline = f"/proc/self/task/{self.native_id}", time.monotonic() + _GONE_WITHIN_S
        while (self._runs or os.path.exists(task)) and time.monotonic() < deadline:
            time.sleep(0.0001)
        return True

    def close(self) -> None:
        """Stop for good and give the descriptors back."""
        self.stop()
        if self._ours() and not self._runs:
            os.close(self._read_end)
            os.close(self.write_end)

    def _live(self) -> None:
        try:
            self.native_id = _thread.get_native_id()
            opened.leave_out("thread", self.native_id)
            while self._wanted and self._ours():
                self._wait()
        except Exception:
            pass  # poll() on a descriptor that went between the check and the call
        finally:
            self._runs = False
            if self._wanted:
                self._on_gone()

    def _wait(self) -> None:
        if self._poll.poll(max(0.0, self._due - time.monotonic()) * 1000):
            for number in os.read(self._read_end, 64):
                if number:
                    self._on_signal(number)
        elif self._wanted:
            self._due = time.monotonic() + self._every_s
            self._keep(self._looker.look("interval", snapshot=False))

    def _keep(self, file: str | None) -> None:
        if file is None:
            return
        self._kept.append(file)
        if len(self._kept) > _MOST:
            for old in self._kept[1::2]:
                try:
                    os.unlink(os.path.join(self._looker.folder, old))
                except OSError:
                    pass
            del self._kept[1::2]
            self._every_s *= 2

    def _ours(self) -> bool:
        try:
            return _identity(self._read_end) == self._pipe == _identity(self.write_end)
        except OSError:
            return False


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _move_high(descriptor: int) -> int:
    """The same file at a high number that is free; where none is found, where it is."""
    top = min(os.sysconf("SC_OPEN_MAX"), _HIGHEST) - 1
    for number in range(top, max(top - _LOWEST_TRY, descriptor), -1):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(descriptor, number, inheritable=False)
            os.close(descriptor)
            return number
    return descriptor
