"""A watch over what this process opens and starts: for each descriptor and child that stays, who it may have been.

Knows events of the interpreter and the table of descriptors; what leaks, and whose mistake it is, is said elsewhere.

Theory of operation. At every call, return and return from C that the interpreter reports to a profile function, the
number of open descriptors is compared with what it was at the event before: one fstat() of an open /proc/self/fd,
whose size is that number from Linux 6.2 on (before that, the lowest free number, by one dup and one close). Only when
it differs is the folder listed. What is new was opened between two events, so what ran between them opened it: the C
function that returns now, or Python code of one frame, where calls that are not reported happen (of types, of ctypes'
functions). Then the two events may stand on different lines: the code is noted and traced by lines from then on, so
that the next opening there is told exactly; the first one is told as not exact.

A descriptor seen at an event of this thread may be another thread's. So each comes with *candidates*: what this thread
ran, unless that can only have waited (a lock, a sleep, a poll), and where the other Python threads stand that do not
wait. Which candidate it is, many openings together say; that is left to who asks.

While the hook runs the interpreter reports nothing, and a signal handler may run there: what it opens looks like the
next event's. So where the program handles signals that come in the course of work, nothing is told as exact.

What this does not see: threads that C code started, whose openings appear wherever Python is just then (so a line that
is blamed without a C function, and runs often without opening anything, is no candidate in the end); threads that
ran before it began on Python 3.10 and 3.11 (`unseen_threads` says how many); a descriptor closed and another opened
between two events.

Calls of builtins that open nothing themselves (len, methods of lists) are passed over: what else ran beside them is
told of their frame all the same.

Observer effect: some 4 µs at each event while it lasts, so code that only calls runs a hundred times slower; after the
seconds asked for the hooks take themselves off. One descriptor, high up; locals of frames are written to their dicts
by the interpreter (3.10 to 3.12). A hook never raises into the program: the first error ends the watch.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident
from os import getpid
from time import monotonic

from outlive.probes import children
from outlive.probes.fds import kind_of
from outlive.trial.call_stack import c_function, can_call, frames_of, opens_nothing, waits
from outlive.trial.descriptor_table import DescriptorTable, is_same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_MOST = 512
_LONGEST_WAIT = 0.2
_MOST_PASSES = 20  # events at a line for each opening there
_STARTS_CHILDREN = ("fork_exec", "fork", "forkpty", "posix_spawn", "posix_spawnp", "vfork")
_RETURNS = ("c_return", "c_exception")
_OF_C = ("c_call", *_RETURNS)
_NOWHERE = (0, 0, None)


class Watch:
    """One watch over the openings of this process. `trouble` says what ended it early."""

    def __init__(self, seconds: float) -> None:
        self.trouble = ""
        self.unseen_threads = 0
        self._pid = getpid()
        self._until = monotonic() + seconds
        self._on = False
        self._noting = allocate_lock()
        self._table = DescriptorTable()
        self._count = self._table.count
        self._is_doubtful = False
        self._seen = 0
        self._open: dict[int, str] = {}
        self._openings: dict[int, dict[str, Any]] = {}
        self._children: set[int] = set()
        self._starts: dict[int, dict[str, Any]] = {}
        self._marks: dict[int, tuple[int, int, Any]] = {}  # by thread: frame's id, line, C function that runs
        self._by_line: set[tuple[str, int, str]] = set()
        self._passed: dict[tuple[str, int], list[int]] = {}  # by file and line without C function: openings, passes
        self._may_trace = False
        self._hooks: Any = None

    def begin(self) -> None:
        import threading

        self._may_trace = sys.gettrace() is None and threading.gettrace() is None
        self._is_doubtful = _interrupts()
        self._open = self._table.listed()
        self._children = {child.pid for child in children.list_children()}
        self._seen = self._count()
        self._on = True
        self._hooks = self._hook  # one object, to know it again by
        threading.setprofile(self._hooks)
        everywhere = getattr(threading, "setprofile_all_threads", None)
        if everywhere is not None:  # 3.12
            everywhere(self._hooks)
        else:
            self.unseen_threads = len(sys._current_frames()) - 1
        sys.setprofile(self._hooks)

    def end(self) -> None:
        """Take the hooks off; those of other threads on 3.10 and 3.11 take themselves off at their next event."""
        import threading

        self._on = False
        if threading.getprofile() == self._hooks:
            everywhere = getattr(threading, "setprofile_all_threads", None)
            if everywhere is not None:
                everywhere(None)
            threading.setprofile(None)
        if sys.getprofile() == self._hooks:
            sys.setprofile(None)
        if sys.gettrace() == self._trace:
            sys.settrace(None)
        self._table.close()

    def descriptors(self) -> list[dict[str, Any]]:
        """Those opened since and still open as they were, oldest first; at most 512."""
        now = self._table.listed()
        rows = []
        for number, row in self._openings.items():
            if number in now and is_same(row["target"], now[number]):
                candidates = [one for one in row["candidates"] if not self._is_seldom(one)]
                rows.append({**row, "candidates": candidates, "kind": kind_of(now[number])})
        return rows[:_MOST]

    def processes(self) -> list[dict[str, Any]]:
        """The children started since that are still ours; their kind is their state."""
        state = {child.pid: child.state for child in children.list_children()}
        return [{**row, "kind": state[pid]} for pid, row in self._starts.items() if pid in state][:_MOST]

    def _hook(self, frame: FrameType, event: str, arg: Any) -> None:
        """The profile function: looks whether the count has changed, and marks where this thread stands."""
        if not self._on:
            sys.setprofile(None)
            return
        if event in _OF_C and opens_nothing(arg):
            return
        try:
            if monotonic() > self._until:
                self._give_up("the steps are too long to be watched")
            thread = get_ident()
            if self._count() != self._seen:
                self._changed(frame, event, arg, thread)
            if self._passed:
                self._pass(frame, event)
            if event in _RETURNS and getattr(arg, "__name__", "") in _STARTS_CHILDREN:
                self._started(frame, arg)
            if event == "return":
                outer = frame.f_back
                if outer is None:
                    self._marks.pop(thread, None)
                else:
                    self._marks[thread] = (id(outer), outer.f_lineno, None)
            else:
                self._marks[thread] = (id(frame), frame.f_lineno, arg if event == "c_call" else None)
            if self._by_line and self._may_trace and sys.gettrace() is None:
                sys.settrace(self._trace)
        except Exception as error:
            self._give_up(f"{type(error).__name__}: {error}")

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """The trace function: asks for lines where an opening could not be told to the line."""
        if not self._on:
            sys.settrace(None)
            return None
        return self._line if _code_of(frame) in self._by_line else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not self._on:
            return None
        if event == "line":
            try:
                thread = get_ident()
                if self._count() != self._seen:
                    self._changed(frame, event, arg, thread)
                marked, line, _ = self._marks.get(thread, _NOWHERE)
                if self._passed and marked == id(frame):
                    self._pass_line(frame.f_code.co_filename, line)
                self._marks[thread] = (id(frame), frame.f_lineno, None)
            except Exception as error:
                self._give_up(f"{type(error).__name__}: {error}")
        return self._line

    def _pass(self, frame: FrameType, event: str) -> None:
        """Count how often a line runs that is blamed without a C function: one that opens does so most times."""
        ran = frame.f_back if event == "call" else frame
        if ran is not None:
            self._pass_line(ran.f_code.co_filename, ran.f_lineno)

    def _pass_line(self, file: str, line: int) -> None:
        counts = self._passed.get((file, line))
        if counts is not None:
            counts[1] += 1

    def _is_seldom(self, candidate: dict[str, Any]) -> bool:
        """Whether the line ran so often without opening that it was merely there."""
        file, line, _ = candidate["stack"][0]
        openings, passes = self._passed.get((file, line), (1, 0))
        return not candidate["function"] and passes > _MOST_PASSES * openings

    def _changed(self, frame: FrameType, event: str, arg: Any, thread: int) -> None:
        """The count is another one: forget what is gone, note what is new. One thread at a time.

        A signal handler may wait for a thread that waits here: so nobody waits for long.
        """
        if getpid() != self._pid:
            self._on = False  # a forked copy of the program
        elif self._noting.acquire(timeout=_LONGEST_WAIT):
            try:
                self._note(frame, event, arg, thread)
            finally:
                self._noting.release()

    def _note(self, frame: FrameType, event: str, arg: Any, thread: int) -> None:
        count = self._count()  # before the listing: what comes in between is met at the next event
        now = self._table.listed()
        gone = [number for number in self._open if number not in now]
        new = [number for number in now if number not in self._open]
        for number in gone:
            self._openings.pop(number, None)
        if new:
            candidates = self._candidates(frame, event, arg, thread, exact=not gone and not self._is_doubtful)
            for number in new:
                self._openings[number] = {"target": now[number], "candidates": candidates}
            for one in candidates:
                if not one["function"]:
                    self._passed.setdefault((one["stack"][0][0], one["stack"][0][1]), [0, 0])[0] += 1
        self._open = now
        self._seen = count

    def _candidates(self, frame: FrameType, event: str, arg: Any, thread: int, *, exact: bool) -> list[dict[str, Any]]:
        running = arg if event in _RETURNS else self._marks.get(thread, _NOWHERE)[2] if event == "call" else None
        ran, line, is_exact = (frame, frame.f_lineno, True) if event in _RETURNS else self._ran(frame, event, thread)
        found = []
        if ran is not None and not waits(running) and (running is not None or can_call(ran.f_code)):
            name = c_function(running) if running is not None else ""
            found.append({"function": name, "stack": frames_of(ran, line), "exact": exact and is_exact})
        if len(self._marks) > 1 or self.unseen_threads:
            found += [self._elsewhere(other, at) for other, at in sys._current_frames().items() if other != thread]
        return [one for one in found if one["stack"]]

    def _elsewhere(self, thread: int, frame: FrameType) -> dict[str, Any]:
        """Where another thread stands; no candidate if it waits."""
        mark = self._marks.get(thread)
        if mark is None and not self.unseen_threads:
            return {"function": "", "stack": [], "exact": False}  # in one and the same call since before we watch
        running = mark[2] if mark is not None else None
        if waits(running):
            return {"function": "", "stack": [], "exact": False}
        name = c_function(running) if running is not None else ""
        while frame.f_code.co_filename == __file__ and frame.f_back is not None:
            frame = frame.f_back  # it is in this hook itself
        return {"function": name, "stack": frames_of(frame, frame.f_lineno), "exact": running is not None}

    def _ran(self, frame: FrameType, event: str, thread: int) -> tuple[FrameType | None, int, bool]:
        """The frame whose Python code ran since this thread's last event, the line, and whether that is certain."""
        ran = frame.f_back if event == "call" else frame
        if ran is None:
            return None, 0, False
        marked, line, _ = self._marks.get(thread, _NOWHERE)
        by_line = self._may_trace and _code_of(ran) in self._by_line
        if marked == id(ran) and (by_line or line == ran.f_lineno):
            return ran, line, True
        self._by_line.add(_code_of(ran))
        if self._may_trace:
            ran.f_trace = self._line
        return ran, ran.f_lineno, False

    def _started(self, frame: FrameType, arg: Any) -> None:
        if getpid() != self._pid:
            self._on = False
            return
        now = {child.pid for child in children.list_children()}
        told = {"function": c_function(arg), "stack": frames_of(frame, frame.f_lineno), "exact": True}
        for pid in now - self._children:
            self._starts[pid] = {"target": "", "candidates": [told] if told["stack"] else []}
        self._children = now

    def _give_up(self, why: str) -> None:
        self._on = False
        self.trouble = self.trouble or why


def _code_of(frame: FrameType) -> tuple[str, int, str]:
    code = frame.f_code
    return code.co_filename, code.co_firstlineno, code.co_name


def _interrupts() -> bool:
    """Whether Python code handles signals other than those that ask a program to end."""
    import _signal  # type: ignore[import-not-found]  # without the enums of `signal`

    ending = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT)
    return any(callable(_signal.getsignal(number)) for number in range(1, _signal.NSIG) if number not in ending)
