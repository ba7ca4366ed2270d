"""The child's end of the line: its descriptors, its board, and the rule that only the real child may speak.

The scenario shares this process and may close every descriptor, fork, or replace `os.write`. So: the descriptors live
at high numbers and are checked before each message to be still our pipes; a forked copy notices by its process id and
ends itself before it can speak or step on; and what we need is bound at import, before the scenario is loaded.
"""

from __future__ import annotations

import fcntl
import os
import sys
from os import _exit, fstat, getpid, read, write

from outlive.trial import board, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENVIRONMENT = "OUTLIVE_TRIAL_LINE"
_HIGHEST = 4096  # beyond the usual closerange(3, 256) or (3, 1024), yet no huge descriptor table to copy at each fork
_ROOM = 16
_KILL, _PR_SET_PDEATHSIG = 9, 1


class Line:
    """Commands come in, answers go out, the board is written; for the process that made it alone."""

    __slots__ = ("_in", "_in_file", "_out", "_out_file", "_pid", "board", "ended", "stacks")

    def __init__(self, command_descriptor: int, answer_descriptor: int, folder: str) -> None:
        self._pid = getpid()
        self._in, self._in_file = _move_high(command_descriptor)
        self._out, self._out_file = _move_high(answer_descriptor)
        self.board = board.Board(os.path.join(folder, "board"))
        self.stacks = _move_high(os.open(os.path.join(folder, "stacks"), os.O_WRONLY | os.O_CREAT, 0o600))[0]
        self.ended = False

    def leave_if_copy(self) -> None:
        """End this process at once if it is a forked copy of the child: it has no part in the trial."""
        if getpid() != self._pid:
            _exit(0)

    def next_command(self) -> tuple[str, dict[str, Any]] | None:
        """Wait for the parent. None: it has gone."""
        self._check(self._in, self._in_file)
        return wire.receive(read, self._in)

    def say(self, kind: str, **fields: Any) -> None:
        """Send one message whole. A parent that has gone ends us: nobody is left to measure for."""
        self.leave_if_copy()
        self._check(self._out, self._out_file)
        rest = memoryview(wire.pack(kind, fields))
        try:
            while rest:
                rest = rest[write(self._out, rest) :]
        except BrokenPipeError:
            _exit(1)

    def end(self, **fields: Any) -> None:
        """Say how the scenario ended; only the first ending counts."""
        if not self.ended:
            self.ended = True
            self.say("ended", steps=self.board.steps, phase=self.board.phase, **fields)

    def _check(self, descriptor: int, file: tuple[int, int]) -> None:
        """The scenario closed our pipe, or something else sits at its number: note it on the board and go."""
        try:
            status = fstat(descriptor)
            if (status.st_dev, status.st_ino) == file:
                return
        except OSError:
            pass
        self.board.enter(board.CUT_OFF)
        _exit(1)


def from_environment() -> Line:
    """The line that the parent laid. Its variable is taken out, so that the scenario's own children don't see it."""
    commands, answers, folder = os.environ.pop(ENVIRONMENT).split(":", 2)
    return Line(int(commands), int(answers), folder)


def prepare_process(line: Line) -> None:
    """Die with the parent, leave no core file behind, and show Python's stacks when killed by a fault or by SIGABRT."""
    import faulthandler
    import resource

    parent = os.getppid()
    _die_with_parent()
    if os.getppid() != parent:
        _exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    faulthandler.enable(line.stacks, all_threads=True)


def _die_with_parent() -> None:
    try:
        import ctypes
    except ImportError:
        return  # a Python built without it: a parent killed outright may then leave us behind
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _KILL, 0, 0, 0)


def flush_output() -> None:
    """Hand on what the scenario printed so far; its streams may be closed, replaced or broken."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def _move_high(descriptor: int) -> tuple[int, tuple[int, int]]:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or limit > _HIGHEST:
        limit = _HIGHEST
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, max(limit - _ROOM, 3))
    os.close(descriptor)
    status = fstat(moved)
    return moved, (status.st_dev, status.st_ino)
