"""The parent's side of a trial: start a scenario's process, advance it, read it, ask it, end it.

Theory of operation. The child speaks only when spoken to, so a trial is a row of requests; while an answer is awaited
the `Listener` watches over memory, progress and life. A counting goes: the child steps, settles and collects; the
parent waits a little for threads and children that are on their way out; the child settles once more if that was so,
and counts what only it can see; the parent counts the rest from outside. However a request ends other than with its
answer, the process is killed, and `ended` says how it was. `close` leaves neither process nor file behind.

The thread that calls `start` must outlive the trial: the child dies with it.
"""

from __future__ import annotations

import os
import signal
from types import TracebackType
from typing import Any

from outlive.capture.census_frame import CensusDecoder
from outlive.errors import MeasureError
from outlive.lifetimes.patience import Patience, now
from outlive.model.series import CounterKey
from outlive.trial import board, endings, outside, wire
from outlive.trial.launch import Launched, launch
from outlive.trial.listener import Happened, Listener
from outlive.trial.options import Ended, Reading, TrialOptions
from outlive.trial.scenario import file_and_function
from outlive.trial.sweep import Adoption, end_all

__all__ = ["Ended", "Reading", "Trial", "TrialOptions"]

_LEAVING_SECONDS = 0.1
_STACKS_SECONDS = 2.0
_UNITS = {"native": "bytes"}
_MAPPED = CounterKey("mapped", "", "bytes")


class Trial:
    """One scenario in one fresh process. Use as a context manager; `close` is safe at any time, and again."""

    def __init__(self, scenario: str, options: TrialOptions | None = None) -> None:
        self.scenario = scenario
        self.options = options or TrialOptions()
        self.ended: Ended | None = None
        self._child: Launched | None = None
        self._listener: Listener | None = None
        self._adoption: Adoption | None = None
        self._census = CensusDecoder()
        self._last: dict[CounterKey, int] = {}
        self._patience = Patience(_LEAVING_SECONDS)
        self._leavers: tuple[int, int] | None = None
        self._rss_bytes = 0
        self.own_modules: frozenset[str] = frozenset()
        self.stamps: dict[str, Any] = {}
        self.start_seconds = 0.0

    def start(self) -> Ended | None:
        """Start the process, load the scenario, run its setup. None: it is ready for its first step."""
        if self._child is not None:
            raise RuntimeError("a trial starts once")
        began = now()
        file, _ = file_and_function(self.scenario)
        target = os.path.abspath(file) + self.scenario[len(file) :] if file else self.scenario
        self._adoption = Adoption()
        try:
            self._child = launch(target, self.options)
        except BaseException:
            self._adoption.stop()
            raise
        self._listener = Listener(self._child, self.options)
        answer = self._await("ready")
        if isinstance(answer, Ended):
            return answer
        self.own_modules = frozenset(answer["own_modules"])
        self.stamps = dict(answer["stamps"])
        self.start_seconds = now() - began
        return None

    def advance(self, steps: int) -> Reading | Ended:
        """Run so many more steps, settle, count. The first reading holds every counter, later ones what changed."""
        advanced = self._request("advance", "advanced", count=steps)
        if isinstance(advanced, Ended):
            return advanced
        counted = self._request("count", "counted", again=self._let_leave())
        if isinstance(counted, Ended):
            return counted
        began = now()
        try:
            values = self._changed(counted)
        except MeasureError:  # it ended while idle: a thread of the scenario's, or a signal
            gone = self._await("nothing")
            return gone if isinstance(gone, Ended) else self._garbled()
        except ValueError:
            return self._garbled()
        sampling = float(advanced["settle_seconds"]) + float(counted["seconds"]) + now() - began
        return Reading(int(advanced["steps"]), values, float(advanced["step_seconds"]), sampling, self._rss_bytes)

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any] | Ended:
        """Ask the child one of `questions.ANSWERED_BY`. Raises MeasureError when it could not answer."""
        if self.ended is not None:
            return self.ended
        self._send("ask", name=name, payload=payload)
        answer = self._await("answer", "refused")
        if isinstance(answer, Ended):
            return answer
        if "answer" not in answer:
            raise MeasureError(f"the child could not answer {name!r}: {answer['what']}", why=str(answer["traceback"]))
        found: dict[str, Any] = answer["answer"]
        return found

    def snapshot(self, name: str) -> str | Ended:
        """Have the child write its heap to a file beside (not in) its temp folder; gone when the trial is closed."""
        path = os.path.join(self._running.folder, f"heap-{name}")
        answer = self.ask("snapshot", {"path": path})
        return answer if isinstance(answer, Ended) else path

    def native_look(self, name: str) -> str | Ended:
        """Have the child look at its native memory, into a file like a snapshot's. Raises MeasureError if it cannot."""
        path = os.path.join(self._running.folder, f"blocks-{name}")
        answer = self.ask("native-look", {"path": path})
        if not isinstance(answer, Ended) and answer["why"]:
            raise MeasureError(f"no look at native memory: {answer['why']}")
        return answer if isinstance(answer, Ended) else path

    def finish(self) -> Ended:
        """Run the scenario's teardown and let its process exit. Bounded: it is ended if it does not go by itself."""
        if self.ended is not None:
            return self.ended
        self._send("finish")
        ended = self._await("nothing")
        return ended if isinstance(ended, Ended) else self._garbled()

    def close(self) -> None:
        """End every process of the trial and delete its files."""
        child, self._child = self._child, None
        if child is None:
            return
        try:
            _kill(child)
            if self._adoption is not None:
                end_all(child.mark, self._adoption)
        finally:
            if self._adoption is not None:
                self._adoption.stop()
            if self._listener is not None:
                self._listener.close()
            child.put_away()

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._running.process.pid

    @property
    def peak_rss_bytes(self) -> int:
        """The largest resident size seen; sampled, so a short peak may have been missed."""
        return 0 if self._listener is None else self._listener.peak_bytes

    @property
    def output_tail(self) -> str:
        """The end of what the scenario has printed so far."""
        return "" if self._listener is None else self._listener.tail.text()

    @property
    def _running(self) -> Launched:
        if self._child is None:
            raise RuntimeError("the trial is not running: start() it first")
        return self._child

    @property
    def _listening(self) -> Listener:
        if self._listener is None:
            raise RuntimeError("the trial is not running: start() it first")
        return self._listener

    def _request(self, kind: str, expected: str, **fields: Any) -> dict[str, Any] | Ended:
        if self.ended is not None:
            return self.ended
        self._send(kind, **fields)
        return self._await(expected)

    def _send(self, kind: str, **fields: Any) -> None:
        try:
            os.write(self._running.commands, wire.pack(kind, fields))
        except BrokenPipeError:
            pass  # nobody reads any more; what became of the child is found when its answer is awaited

    def _await(self, *expected: str) -> dict[str, Any] | Ended:
        """The fields of the next message, if it is one of those expected; else how the trial ended."""
        happened, message = self._listening.wait(self.options.timeout_s)
        if happened is Happened.SPOKE and message is not None:
            kind, fields = message
            if kind in expected:
                return fields
            if kind == "ended":
                return self._end(self._leaving(endings.told(fields, "")))
            return self._garbled()
        return self._end(self._without_words(happened))

    def _without_words(self, happened: Happened) -> Ended:
        child, tail = self._running, self._listening.tail
        place = child.board.where()
        phase, steps = child.board.phase, child.board.steps
        if happened is Happened.GONE:
            return endings.vanished(child.process.wait(), phase, steps, child.stacks(), tail.text())
        if happened is Happened.TOO_BIG:
            return endings.too_big(self._listening.peak_bytes, self._listening.limit_bytes, place, tail.text())
        if happened is Happened.SILENT:
            # faulthandler in the child answers SIGABRT with the Python stacks of all threads, then lets it kill.
            os.kill(child.process.pid, signal.SIGABRT)
            self._listening.wait_until_gone(_STACKS_SECONDS)
            return endings.timed_out(self.options.timeout_s, place, child.stacks(), tail.text())
        return endings.garbled(place, tail.text())

    def _leaving(self, ended: Ended) -> Ended:
        """The child has said its last word and exits now, in its own way, within a bound."""
        gone = self._listening.wait_until_gone(self.options.leave_s)
        whole = Ended(ended.outcome, ended.reason, ended.traceback, self._listening.tail.text(), ended.how)
        if not gone:
            return endings.stayed(whole, self.options.leave_s) if ended.how == "finished" else whole
        status = self._running.process.wait()
        if ended.how == "finished" and status < 0:
            steps = self._running.board.steps
            return endings.vanished(status, board.LEAVING, steps, self._running.stacks(), whole.output_tail)
        return whole

    def _garbled(self) -> Ended:
        return self._end(endings.garbled(self._running.board.where(), self.output_tail))

    def _end(self, ended: Ended) -> Ended:
        _kill(self._running)
        if self.ended is None:
            self.ended = ended
        return self.ended

    def _let_leave(self) -> bool:
        """Wait a little where there are more threads or running children than last time; whether it did wait."""
        pid = self._running.process.pid
        try:
            present = outside.leavers(pid)
            if self._leavers is None or not _more(present, self._leavers):
                self._leavers = present
                return False
            end = now() + self._patience.seconds
            while _more(present, self._leavers) and now() < end:
                self._listening.pump(0.001)
                present = outside.leavers(pid)
        except MeasureError:
            return False  # it has just ended; the next request finds out how
        self._patience.learn(paid_off=not _more(present, self._leavers))
        self._leavers = present
        return True

    def _changed(self, counted: dict[str, Any]) -> dict[CounterKey, int]:
        """What differs from the reading before. Kinds that are no longer there count 0, types stay as they were."""
        pid = self._running.process.pid
        values = outside.read(pid, self._running.temp_folder)
        values[_MAPPED] -= int(counted["own_mapped"])
        counts: dict[str, int] = counted["counts"]
        values.update((CounterKey(name, "", _UNITS.get(name, "")), value) for name, value in counts.items())
        for key in self._last:
            if key.counter in ("fds", "children"):
                values.setdefault(key, 0)
        values.update(self._census.decode(counted["census"]))
        changed = {key: value for key, value in values.items() if self._last.get(key) != value}
        self._last.update(changed)
        self._rss_bytes = outside.resident_bytes(pid)
        return changed


def _more(present: tuple[int, int], before: tuple[int, int]) -> bool:
    return present[0] > before[0] or present[1] > before[1]


def _kill(child: Launched) -> None:
    if child.process.poll() is None:
        child.process.kill()
    child.process.wait()
