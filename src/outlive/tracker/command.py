"""Starting the command that is to be watched, and ending it when the watch ends first.

Its standard streams, its descriptors, its terminal and its exit status stay its own. What we start we also end: a
command that still runs when the watch is over gets SIGTERM, and SIGKILL when it does not listen.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence

from outlive.errors import UsageError
from outlive.tracker.waiting import Waiting, Woken
from outlive.tracker.watching import Stopped

_LISTENING_S = 5.0  # from SIGTERM to SIGKILL
_OWN_CTRL_C_S = 1.0  # Ctrl-C reached it too, from the terminal: time to end by itself


class Command:
    """A running command. As a context manager it leaves no running command behind."""

    def __init__(self, words: Sequence[str]) -> None:
        """Start it; raises UsageError when it cannot be started."""
        self.words = tuple(words)
        try:
            # close_fds=False: ours are closed on exec anyhow, and what the shell handed on (`3<file`) is the command's.
            self._process = subprocess.Popen(self.words, close_fds=False)
        except OSError as error:
            raise UsageError(f"cannot start {self.words[0]}: {error.strerror}", why="nothing was watched") from None
        self.pid = self._process.pid
        self._told = ""

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_LISTENING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end(self, stopped: Stopped, waiting: Waiting) -> None:
        """See that it has ended, gently at first. Another Ctrl-C meanwhile goes straight to the next step."""
        if stopped is Stopped.ENDED:
            self._process.wait()
            return
        if stopped is Stopped.INTERRUPTED and self._ends_within(_OWN_CTRL_C_S, waiting):
            return
        for number, seconds in ((signal.SIGTERM, _LISTENING_S), (signal.SIGKILL, 3600.0)):
            self._told = number.name
            self._process.send_signal(number)
            if self._ends_within(seconds, waiting):
                return

    def how_it_ended(self) -> str:
        """ "the command exited with status 2", "the command was ended by SIGSEGV"; names a signal that was ours."""
        status = self._process.poll()
        if status is None:
            return "the command still runs"
        if status >= 0:
            return f"the command exited with status {status}" + (f" after our {self._told}" if self._told else "")
        name = signal.Signals(-status).name if -status in list(signal.Signals) else f"signal {-status}"
        return f"the command was ended by {'our ' if name == self._told else ''}{name}"

    def _ends_within(self, seconds: float, waiting: Waiting) -> bool:
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            if waiting.until(min(deadline, time.monotonic() + 0.1)) in (Woken.INTERRUPTED, Woken.TERMINATED):
                return False
            if time.monotonic() >= deadline:
                return False
        return True
