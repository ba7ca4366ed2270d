"""Listening to the child while watching over it: messages, output, memory, progress, death.

One loop over one poll(), so that a child that floods its output, grows, hangs or dies is met in the same place where
its answer is waited for. Decides nothing: it says what happened, and the supervisor acts.
"""

from __future__ import annotations

import os
import select
from enum import Enum
from typing import Any

from outlive.errors import MeasureError
from outlive.lifetimes.patience import now
from outlive.trial.launch import Launched
from outlive.trial.options import TrialOptions, memory_limit
from outlive.trial.outside import resident_bytes
from outlive.trial.wire import BadMessage, Inbox

_LOOK_SECONDS = 0.03  # between two looks at memory: a step that takes 2 GB a second gains 60 MB meanwhile
_PIECE_BYTES = 256 * 1024
_TAIL_BYTES = 64 * 1024


class Happened(Enum):
    SPOKE = "spoke"
    GONE = "gone"
    SILENT = "silent"
    TOO_BIG = "too big"
    GARBLED = "garbled"


class Tail:
    """The end of what was printed, bounded."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._dropped = 0

    def add(self, piece: bytes) -> None:
        self._bytes += piece
        if len(self._bytes) > 2 * _TAIL_BYTES:
            surplus = len(self._bytes) - _TAIL_BYTES
            self._dropped += surplus
            del self._bytes[:surplus]

    def text(self) -> str:
        surplus = max(len(self._bytes) - _TAIL_BYTES, 0)
        dropped = self._dropped + surplus
        text = bytes(self._bytes[surplus:]).decode("utf-8", "replace")
        return f"[… {dropped:,} bytes before]\n{text}" if dropped else text


class Listener:
    """Waits for one child's messages. `peak_bytes` is the largest resident size seen."""

    def __init__(self, launched: Launched, options: TrialOptions) -> None:
        self._child = launched
        self._limit = memory_limit(options)
        self._inbox = Inbox()
        self._poll = select.poll()
        self._poll.register(launched.answers, select.POLLIN)
        self._poll.register(launched.output, select.POLLIN)
        self._death = _open_death(launched.process.pid)
        if self._death is not None:
            self._poll.register(self._death, select.POLLIN)
        self._next_look = 0.0
        self._too_big = False
        self.tail = Tail()
        self.peak_bytes = 0

    def wait(self, silence_s: float) -> tuple[Happened, tuple[str, dict[str, Any]] | None]:
        """The next thing that happens; SILENT after `silence_s` seconds without progress on the board."""
        signs, since = self._signs(), now()
        try:
            while True:
                message = self._inbox.next()
                if message is not None:
                    return Happened.SPOKE, message
                if self._child.process.poll() is not None:
                    return self._last_words()
                if self._too_big:
                    return Happened.TOO_BIG, None
                self.pump(_LOOK_SECONDS)
                if self._signs() != signs:
                    signs, since = self._signs(), now()
                elif now() - since > silence_s:
                    return Happened.SILENT, None
        except BadMessage:
            return Happened.GARBLED, None

    def pump(self, seconds: float) -> None:
        """Take in what has come, waiting at most so long for it, and look at the child's memory when it is time."""
        for descriptor, events in self._poll.poll(max(seconds, 0.0) * 1000):
            if descriptor == self._death:
                self._poll.unregister(descriptor)
            elif not self._take(descriptor) and events & select.POLLHUP:
                self._poll.unregister(descriptor)  # closed over there: no more will come, and poll() would spin
        if now() >= self._next_look:
            self._next_look = now() + _LOOK_SECONDS
            self._look_at_memory()

    def wait_until_gone(self, seconds: float) -> bool:
        """Whether the process ended within so long; its output is taken in meanwhile."""
        end = now() + seconds
        while self._child.process.poll() is None:
            if now() > end:
                return False
            self.pump(min(_LOOK_SECONDS, max(end - now(), 0.001)))
        while self._take(self._child.output):
            pass
        return True

    def close(self) -> None:
        if self._death is not None:
            os.close(self._death)
            self._death = None

    def _last_words(self) -> tuple[Happened, tuple[str, dict[str, Any]] | None]:
        """The process is gone; what it had said before still lies in the pipes."""
        for descriptor in (self._child.answers, self._child.output):
            while self._take(descriptor):
                pass
        message = self._inbox.next()
        return (Happened.GONE, None) if message is None else (Happened.SPOKE, message)

    def _take(self, descriptor: int) -> bool:
        """Whether anything was there to take."""
        try:
            piece = os.read(descriptor, _PIECE_BYTES)
        except BlockingIOError:
            return False
        if descriptor == self._child.answers:
            self._inbox.add(piece)
        else:
            self.tail.add(piece)
        return bool(piece)

    def _signs(self) -> tuple[int, int]:
        board = self._child.board
        return board.signs, board.steps

    def _look_at_memory(self) -> None:
        try:
            resident = resident_bytes(self._child.process.pid)
        except MeasureError:
            return  # it is just ending
        self.peak_bytes = max(self.peak_bytes, resident)
        self._too_big = resident > self._limit

    @property
    def limit_bytes(self) -> int:
        return self._limit


def _open_death(pid: int) -> int | None:
    """A descriptor that poll() sees when the process ends; without it, its end is noticed a look later."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
