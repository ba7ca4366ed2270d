"""One run of a command under the recorder: started, fed nothing, listened to, ended. Knows nothing of what is found.

The program gets an empty stdin, a session of its own and an inherited descriptor for its step marks. The recorder takes
those marks before they reach it; what does reach it comes from a program that the recorder is not in, or from a shell,
and is kept with the time it came.

No run lasts for ever: it is ended when nothing of it is heard for `timeout_s`, when its time is up, when it has gone
enough steps, or when it takes more memory than it may. Processes that it leaves behind are given a moment to end, then
killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from outlive.capture.blocks import load_blocks
from outlive.capture.blocks_preload import block_environment
from outlive.capture.container import DamagedSnapshot
from outlive.errors import MeasureError, OutliveError, UsageError
from outlive.trial.launch import MARK_VARIABLE
from outlive.trial.listener import Tail
from outlive.trial.outside import resident_bytes
from outlive.trial.sweep import marked

_TICK_S = 0.05
_LAST_WORDS_S = 2.0  # for a program that ends in order when told to
_LEFT_BEHIND_S = 1.0
_PIECE_BYTES = 256 * 1024
_WORDS_FD = 600  # above what programs open themselves, below the usual limit of 1,024
_LONGEST_WORD = 64
STEP_LOOKS = "OUTLIVE_BLOCKS_STEP_LOOKS"


class Cut(Enum):
    """Who ended the run."""

    ITSELF = "by itself"
    SILENT = "nothing was heard of it"
    TIME = "its time was up"
    ENOUGH = "it had gone enough steps"
    MEMORY = "it took too much memory"


@dataclass(frozen=True)
class RunLimits:
    """`most_s` None: as long as it goes on. `steps`: end it when a look shows that so many were run."""

    timeout_s: float
    memory_bytes: int
    most_s: float | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Mark:
    """A step that was marked where the recorder did not hear it. `at_ns` as files' times count."""

    step: int
    at_ns: int


@dataclass(frozen=True)
class Ran:
    """`status` is as subprocess gives it, negative for a signal. `pid` is the command's own process."""

    pid: int
    status: int
    cut: Cut
    output_tail: str
    marks: tuple[Mark, ...]
    seconds: float
    peak_rss_bytes: int


def run_recorded(
    argv: Sequence[str],
    folder: Path,
    limits: RunLimits,
    *,
    step_looks: int = 0,
    tell: Callable[[int], None] | None = None,
    each_tick: Callable[[], None] | None = None,
) -> Ran:
    """Run `argv`; its looks go to `folder`. `step_looks`: how many for each e-fold of the steps. `tell` hears steps.

    `each_tick` is called again and again while it runs: looks that it has read may go.

    Raises UsageError when it cannot be started, MeasureError when this installation has no recorder.
    """
    with _Run(folder, limits, tell, each_tick) as run:
        run.start(argv, step_looks)
        return run.listen()


@dataclass
class _Run:
    folder: Path
    limits: RunLimits
    tell: Callable[[int], None] | None
    each_tick: Callable[[], None] | None
    tail: Tail = field(default_factory=Tail)
    marks: list[Mark] = field(default_factory=list)
    began: float = 0.0
    heard: float = 0.0
    peak_bytes: int = 0
    process: subprocess.Popen[bytes] = field(init=False)
    _started: bool = False
    _rest: bytes = b""
    _looks: set[str] = field(default_factory=set)
    _ends: list[int] = field(default_factory=list)
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def __enter__(self) -> _Run:
        self.output, self.words = self._pipe(), self._pipe()
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing goes on after us, however we leave: not after a Ctrl-C either."""
        if self._started and self.process.returncode is None:
            self._end()
        for descriptor in self._ends:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _pipe(self) -> tuple[int, int]:
        mine, theirs = os.pipe()
        os.set_blocking(mine, False)
        self._ends += [mine, theirs]
        return mine, theirs

    def start(self, argv: Sequence[str], step_looks: int) -> None:
        words = self._at_a_high_number(self.words[1])
        try:
            environment = block_environment(os.environ, folder=self.folder, words_fd=words)
        except OutliveError as error:
            raise MeasureError(error.what, why=error.why, hint=error.hint) from error
        environment[MARK_VARIABLE] = self._mark
        environment.pop(STEP_LOOKS, None)
        if step_looks:
            environment[STEP_LOOKS] = str(step_looks)
        self.began = self.heard = time.monotonic()
        try:
            self.process = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=self.output[1], stderr=self.output[1],
                pass_fds=(words,), start_new_session=True, env=environment,
            )  # fmt: skip
        except OSError as error:
            raise UsageError(
                f"cannot run {argv[0]}: {error.strerror}", hint="--cmd './prog {i}', with the program's path"
            ) from error
        self._started = True
        os.close(self.output[1])
        self._ends.remove(self.output[1])

    def _at_a_high_number(self, descriptor: int) -> int:
        """A program that opens files itself must not get this number for one of them."""
        try:
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _WORDS_FD)
        except (OSError, ValueError):
            return descriptor
        self._ends.append(high)
        return high

    def listen(self) -> Ran:
        poll = select.poll()
        poll.register(self.output[0], select.POLLIN)
        poll.register(self.words[0], select.POLLIN)
        death = _death_of(self.process.pid)
        if death is not None:
            poll.register(death, select.POLLIN)
            self._ends.append(death)
        cut = Cut.ITSELF
        while self.process.poll() is None:
            events = poll.poll(_TICK_S * 1000)
            self._take_in()
            if self.each_tick is not None:
                self.each_tick()
            for descriptor, event in events:
                if descriptor == self.output[0] and event == select.POLLHUP:
                    poll.unregister(descriptor)  # closed over there: poll() would spin
            cut = self._reason_to_end()
            if cut is not Cut.ITSELF:
                break
        self._end()
        self._take_in()
        seconds = time.monotonic() - self.began
        status = self.process.returncode
        return Ran(self.process.pid, status, cut, self.tail.text(), tuple(self.marks), seconds, self.peak_bytes)

    def _take_in(self) -> None:
        while piece := _read(self.output[0]):
            self.tail.add(piece)
        while piece := _read(self.words[0]):
            self._hear(piece)
        self._notice_looks()
        with contextlib.suppress(MeasureError):
            self.peak_bytes = max(self.peak_bytes, resident_bytes(self.process.pid))

    def _hear(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[-_LONGEST_WORD:]
        for line in lines:
            word, _, number = line.partition(b" ")
            if word == b"step" and number.strip().isdigit():
                self.marks.append(Mark(int(number), time.time_ns()))
                self.heard = time.monotonic()

    def _notice_looks(self) -> None:
        names = {entry.name for entry in os.scandir(self.folder)}
        if names != self._looks:
            self._looks, self.heard = names, time.monotonic()

    def steps(self) -> int:
        """The steps that the newest look, or the newest word, shows."""
        told = self.marks[-1].step if self.marks else 0
        newest = max(self._looks, key=_number, default="")
        try:
            return max(told, load_blocks(self.folder / newest).facts["step"]) if newest else told
        except (DamagedSnapshot, OSError):
            return told  # it is being written

    def _reason_to_end(self) -> Cut:
        now = time.monotonic()
        if self.peak_bytes > self.limits.memory_bytes:
            return Cut.MEMORY
        if now - self.heard > self.limits.timeout_s:
            return Cut.SILENT
        if self.limits.most_s is not None and now - self.began > self.limits.most_s:
            return Cut.TIME
        if self.tell is not None or self.limits.steps is not None:
            steps = self.steps()
            if self.tell is not None:
                self.tell(steps)
            if self.limits.steps is not None and steps >= self.limits.steps + _SLACK:
                return Cut.ENOUGH
        return Cut.ITSELF

    def _end(self) -> None:
        """By word, then by force; then whoever it left behind."""
        if self.process.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_LAST_WORDS_S)
        if self.process.poll() is None:
            self._signal(signal.SIGKILL)
            self.process.wait()
        end = time.monotonic() + _LEFT_BEHIND_S
        while marked(self._mark) and time.monotonic() < end:
            time.sleep(_TICK_S / 5)
            self._take_in()
        self._signal(signal.SIGKILL)
        for pid in marked(self._mark):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, number)


# A program that was told how many steps to run ends by itself; only one that goes on is ended.
_SLACK = 2


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _PIECE_BYTES)
    except BlockingIOError:
        return b""


def _number(name: str) -> int:
    digits = name.removesuffix(".outlive").rpartition("-")[2]
    return int(digits) if digits.isdigit() else -1


def _death_of(pid: int) -> int | None:
    """A descriptor that poll() sees when the process ends; without it, its end is noticed a tick later."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
