"""`outlive run` of a program without Python: loads the recorder into it, has it looked at, tells what it lost.

Theory of operation of the looks. Only looks taken while the program works can tell what it lost then from what it lost
at its end. The recorder takes one on a signal, which must do no harm: it is sent to a process only while /proc says
that the process has a handler for it, and the command is started with that signal ignored, so that one which comes too
early does nothing. The signal is a real-time one that hardly anybody uses. A call that sleeps is restarted after it,
except those that the system never restarts (poll, select, nanosleep …), which programs must expect to end early.
The first look comes soon, the next ones after a tenth of the time that has passed, and never so often that looking
would take more than a twentieth of it. One more is taken just before a signal that asks the program to end is handed
on. Of all looks, the first and the last few are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from outlive.cli import exit_codes
from outlive.cli.console import complain, wants_color
from outlive.cli.native_kind import Kind, kind_of
from outlive.errors import UsageError

if TYPE_CHECKING:
    from outlive.model.iterations import Iterations
    from outlive.model.native_end import NativeReport

LOOK_SIGNAL = int(signal.SIGRTMAX) - 3
_FIRST_S = 0.02
_SHARE = 0.1
_REST_PER_LOOK = 20.0
_KEPT_LAST = 3
_PATIENCE_S = 0.1
_MOST_PROCESSES = 32
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options that concern native memory."""
    parser.add_argument(
        "--native",
        action="store_true",
        help="look at native memory, too, in a Python program or in what a script starts "
        "(a program that is no Python is always looked at so)",
    )
    parser.add_argument(
        "--looks",
        action=argparse.BooleanOptionalAction,
        default=None,  # yes; 3.10 to 3.12 would say so a second time in the help
        help="look at native memory while the program works, too, by a signal that lets poll or sleep end early "
        "(default: yes)",
    )
    parser.add_argument(
        "--why-lost", action="store_true", help="follow blocks to the moment their last pointer goes (native; slower)"
    )
    parser.add_argument(
        "--guard",
        nargs="?",
        const="full",
        choices=("full", "sampled"),
        help="find broken frees and uses of freed memory (native; slower)",
    )
    parser.add_argument(
        "--iterations",
        type=Path,
        metavar="FILE.json",
        help="keep the losses of run after run in this file, and show what went and what is new (native)",
    )


class NativeRun:
    """One native run: what it is started with, when it is looked at, what it comes to."""

    def __init__(self, args: argparse.Namespace, words: list[str], folder: Path, kind: Kind) -> None:
        """Raises UsageError for what cannot be, before anything is run."""
        self._args, self._words, self._folder = args, words, folder
        self.unfit = kind.unfit
        self._settings = {"why_lost": bool(args.why_lost), "guard": args.guard}
        self._history: Iterations | None = None
        if args.iterations is not None:
            from outlive.reports.iterations_json import load_iterations

            self._history = load_iterations(args.iterations)
        if any(folder.glob("blocks-*")):
            raise UsageError(f"{folder} holds the looks of another run", hint="-o a new or an empty folder")
        self._looks = _Looks(folder, args.every)
        self._may_look = not self.unfit and args.looks is not False
        self._began = self._ended = 0.0
        self._asked: float | None = None
        self._pid = 0

    def environment(self, of: Mapping[str, str]) -> dict[str, str]:
        """`of`, and what loads the recorder, where it can be loaded."""
        from outlive.capture.blocks_preload import block_environment

        if self.unfit:
            return dict(of)
        signal.signal(LOOK_SIGNAL, signal.SIG_IGN)  # inherited by the command, until its recorder is ready
        try:
            return block_environment(of, folder=self._folder, look_signal=LOOK_SIGNAL, **self._settings)
        except ValueError as error:
            raise UsageError(str(error), hint="-o another folder") from None

    def started(self, pid: int) -> None:
        self._began, self._pid = time.time(), pid
        self._looks.started(pid)

    def wait_s(self, at_most: float) -> float:
        """How long nothing is to be done."""
        return min(at_most, self._looks.due_in_s()) if self._may_look else at_most

    def look(self) -> None:
        """Take a look where one is due."""
        if self._may_look:
            self._looks.take_if_due()

    def heard(self, number: int, *, look: bool) -> None:
        """This signal came. `look`: it is handed on after this, and the program has not had it yet."""
        if number in _ENDING and not self.unfit and self._asked is None:
            if look and self._may_look:
                self._looks.take_now()
            self._asked = time.time()

    def ended(self) -> None:
        """The command has."""
        self._ended = time.time()
        if not self.unfit:
            signal.signal(LOOK_SIGNAL, signal.SIG_DFL)

    def tell(self, status: int, json_file: Path | None, report_file: Path | None, *, after_another: bool) -> int:
        """Say what the run comes to, after the report on its Python where there is one; returns its exit code."""
        from outlive.native_aftermath import Course, native_report
        from outlive.reports import native_json, native_text

        course = Course(self._pid, status, self._began, self._ended, self._asked, self._not_watched())
        report = native_report(self._folder, self._words, course)
        again = native_text.Again(why_lost=self._args.why_lost, guard=bool(self._args.guard))
        complain(native_text.render(report, color=wants_color(sys.stderr), again=again))
        if report_file is not None:
            before = report_file.read_text(encoding="utf-8") + "\n" if after_another and report_file.exists() else ""
            _write(report_file, before + native_text.render(report, color=False, again=again))
        if json_file is not None:
            file = json_file.with_suffix(".native" + json_file.suffix) if after_another else json_file
            _write(file, json.dumps(native_json.to_json(report), indent=2) + "\n")
        self._keep(report)
        return exit_codes.of_verdict(report.verdict)

    def _keep(self, report: NativeReport) -> None:
        """Into the table of runs."""
        if self._history is None:
            return
        from outlive.explain.native.iterations import with_run
        from outlive.reports import iterations_json, iterations_text

        history = with_run(self._history, report, at=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._ended)))
        _write(self._args.iterations, iterations_json.dumps(history))
        complain(iterations_text.render(history, color=wants_color(sys.stderr)))

    def _not_watched(self) -> str:
        return f"{Path(self._words[0]).name} could not be watched: {self.unfit}" if self.unfit else ""


def native_run(args: argparse.Namespace, words: list[str], folder: Path) -> NativeRun | None:
    """How the command is watched as a native program; None where it is not."""
    kind = kind_of(words[0])
    if kind.is_native or args.native:
        return NativeRun(args, words, folder, kind)
    if shutil.which(words[0]) is None:
        return None  # which the start will say
    for option in ("why_lost", "guard", "iterations"):
        if getattr(args, option):
            spelled = "--" + option.replace("_", "-")
            raise UsageError(
                f"{spelled} is about native memory, and {words[0]} is a Python or starts other programs",
                hint=f"outlive run --native {spelled} … -- {words[0]}",
            )
    return None


class _Looks:
    """When to look, and which looks to keep."""

    def __init__(self, folder: Path, every: float) -> None:
        self._folder, self._every = folder, every
        self._pid = 0
        self._began = self._due = self._sent = 0.0

    def started(self, pid: int) -> None:
        self._pid, self._began = pid, time.monotonic()
        self._due = self._began + _FIRST_S

    def due_in_s(self) -> float:
        return max(0.0, self._due - time.monotonic())

    def take_if_due(self) -> None:
        if time.monotonic() < self._due:
            return
        took = self._thinned()
        for pid in (self._pid, *_below(self._pid)):
            _send(pid)
        now = time.monotonic()
        self._sent = time.time()
        self._due = now + max(_REST_PER_LOOK * took, min(self._every, max(_FIRST_S, _SHARE * (now - self._began))))

    def take_now(self) -> None:
        """One more, and wait a moment for its beginning: what is recorded after it must not be in it."""
        before = len(self._of_main())
        if not _send(self._pid):
            return
        until = time.monotonic() + _PATIENCE_S
        while len(self._of_main()) <= before and time.monotonic() < until:
            time.sleep(0.001)

    def _thinned(self) -> float:
        """How long the last look at the main process took; of each process's looks those in the middle go."""
        by_pid = defaultdict(list)
        for file in self._folder.glob("blocks-*-*.outlive"):
            by_pid[file.stem.split("-")[1]].append(file)
        for looks in by_pid.values():
            for file in sorted(looks, key=_number)[1:-_KEPT_LAST]:
                file.unlink(missing_ok=True)
        looks = self._of_main()
        try:
            return max(0.0, looks[-1].stat().st_mtime - self._sent) if looks and self._sent else 0.0
        except OSError:
            return 0.0

    def _of_main(self) -> list[Path]:
        return sorted(self._folder.glob(f"blocks-{self._pid}-*.outlive"), key=_number)


def _number(file: Path) -> int:
    number = file.stem.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _send(pid: int) -> bool:
    """Ask the recorder in this process for a look, if it is there."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            caught = next((line.split()[1] for line in file if line.startswith("SigCgt:")), "0")
        if not int(caught, 16) >> (LOOK_SIGNAL - 1) & 1:
            return False
        os.kill(pid, LOOK_SIGNAL)
    except (OSError, ValueError, IndexError):
        return False
    return True


def _below(pid: int) -> list[int]:
    """The processes that it started, and those that they did, where the system tells."""
    found: list[int] = []
    waiting = [pid]
    while waiting and len(found) < _MOST_PROCESSES:
        one = waiting.pop()
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    children = [int(word) for word in file.read().split()]
                found += children
                waiting += children
        except (OSError, ValueError):
            continue
    return found[:_MOST_PROCESSES]


def _write(file: Path, text: str) -> None:
    """Whole or not at all: what stood there before may be the only copy."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, file)
    except OSError as error:
        complain(f"outlive: cannot write {file}: {error.strerror}")
