"""Asking who keeps what was left: one snapshot of this process, read by another one.

Theory of operation. Only asked when something was left, which is rare. The snapshot stops this process for as long as
a full collection does; reading it takes most of a second and is done in a child that is waited for, so that nothing
of the analysis is imported, kept or run here, and no process is left over for the next test to find. Where there can
be no snapshot, or too much time has gone into them already, the short search (`kept`) answers, and its keepers say so.

What it needs of the system is taken when this is imported: a test may have put anything in its place meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from outlive import _core
from outlive.blame import kept
from outlive.blame.keeper import NOBODY, Keeper
from outlive.lifetimes.look import uncollected

_popen, _pipe, _null = subprocess.Popen, subprocess.PIPE, subprocess.DEVNULL
_mkdir, _unlink, _rmdir, _times = os.mkdir, os.unlink, os.rmdir, os.times
_PYTHON, _FOLDER = sys.executable, os.environ.get("TMPDIR") or "/tmp"
_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_MOST_SECONDS = 60.0  # of processor time in one run of pytest, for all snapshots together
_ONE_SECONDS = 120.0
_MOST_BLOCKS = 20_000_000  # a heap whose snapshot would stop the tests for seconds
_NOT_FOR_IT = ("COV", "PYTEST", "LD_PRELOAD")
_BOOT = "import sys; sys.path += sys.argv[1:]; from outlive.blame.answering import main; main()"

Fixtures = Callable[[], Mapping[int, Sequence[int]]]
"""Addresses of what each living wide fixture has in hand, by the number of its life."""


class Asking:
    """Asks for one run of pytest. `why_not` says why the short search had to answer, "" as long as it had not."""

    def __init__(self, fixtures: Fixtures = dict) -> None:
        self._fixtures = fixtures
        self._seconds = 0.0
        self._asked = 0
        self.test_modules: frozenset[str] = frozenset()
        self.own_packages: frozenset[str] = frozenset()
        self.why_not = ""

    def keepers(self, things: Sequence[tuple[Any, int]]) -> list[Keeper]:
        """Who keeps each of these (object, number of the life that made it); None is kept by nobody."""
        there = [(thing, life) for thing, life in things if thing is not None]
        if not there:
            return [Keeper(NOBODY) for _ in things]
        found = self._by_snapshot(there)
        if found is None:
            found = [kept.keeper(thing, self.test_modules, self.why_not) for thing, _life in there]
        answers = iter(found)
        return [Keeper(NOBODY) if thing is None else next(answers) for thing, _life in things]

    def _by_snapshot(self, things: Sequence[tuple[Any, int]]) -> list[Keeper] | None:
        if self._seconds > _MOST_SECONDS:
            self.why_not = f"snapshots had taken {self._seconds:.0f} s of processor time"
            return None
        if sys.getallocatedblocks() > _MOST_BLOCKS:
            self.why_not = "the heap is very large"
            return None
        began = _worked()
        try:
            return self._read_elsewhere([(id(thing), life) for thing, life in things])
        except Exception as error:  # of whatever kind: a test may have patched what we stand on
            self.why_not = f"no snapshot could be read: {type(error).__name__}: {error}"
            return None
        finally:
            self._seconds += _worked() - began

    def _read_elsewhere(self, things: list[tuple[int, int]]) -> list[Keeper]:
        self._asked += 1
        folder = os.path.join(_FOLDER, f"outlive-{os.getpid()}-{self._asked}-{os.urandom(6).hex()}")
        _mkdir(folder, 0o700)
        path = os.path.join(folder, "heap.outlive")
        try:
            fixtures = self._fixtures()
            with uncollected():
                _core.snapshot(os.fsencode(path))
            asked = {
                "snapshot": path,
                "things": things,
                "test_modules": sorted(self.test_modules),
                "own": sorted(self.own_packages),
                "fixtures": {str(number): list(held) for number, held in fixtures.items()},
            }
            return _answered(json.dumps(asked).encode())
        finally:
            _put_away(folder, path)


def _worked() -> float:
    """Processor time of this process and of those that it waited for: on a busy machine a snapshot costs no more."""
    spent = _times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _answered(asked: bytes) -> list[Keeper]:
    """What the other process says. Raises what goes wrong with it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_IT)}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # numpy's threads would cost it more than they calculate
    process = _popen(
        [_PYTHON, "-I", "-c", _BOOT, _OURS, *(one for one in sys.path if type(one) is str and one)],
        stdin=_pipe,
        stdout=_pipe,
        stderr=_null,
        env=environment,
    )
    try:
        output, _ = process.communicate(asked, timeout=_ONE_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"the process that reads it ended with status {process.returncode}")
    rows = json.loads(output)
    return [Keeper(**{**row, "also": tuple(row["also"])}) for row in rows]


def _put_away(folder: str, path: str) -> None:
    try:
        _unlink(path)
    except OSError:
        pass
    try:
        _rmdir(folder)
    except OSError:
        pass
