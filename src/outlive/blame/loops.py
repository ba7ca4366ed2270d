"""The last look at a loop before it is thrown away, and settling what is about to end by itself.

Theory of operation. A plugin that runs async tests ends its loop when it likes: right after the body, or with the last
fixture that uses it; and it cancels what is pending first, so that afterwards nothing tells a task that was forgotten
from one that ended. The two places that every such end comes through are stood in for: the function by which asyncio
(and anyio, and the backport for 3.10) cancels what is left, and the loop's own `close`. There the loop is turned until
it is idle, and what is then still pending is final. Only loops that tests were run in are looked at: what
`asyncio.run` cancels at the end of a test's own program has ended as asyncio ends things.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any
from unittest import IsolatedAsyncioTestCase

from outlive.blame import loop_things
from outlive.blame.carrying import drivers, harness_loops, known_loops
from outlive.blame.lives import Thing
from outlive.lifetimes.settle import Settler

_CANCELLERS = ("asyncio.runners", "backports.asyncio.runner.runner", "anyio._backends._asyncio")
_NAME = "_cancel_all_tasks"
_WAIT_SECONDS = 0.25
LoopEnds = Callable[[Any], None]


class LoopWatch:
    """Stands in for the functions that end loops, and asks `ends` first."""

    def __init__(self, ends: LoopEnds) -> None:
        self._ends = ends
        self._stood_in: list[tuple[Any, str, Any]] = []
        self._looked: set[str] = set()

    def begin(self) -> None:
        loop_things.note_living()
        self._note_makings()
        self._stand_in(asyncio.BaseEventLoop, "close")
        for name in ("_tearDownAsyncioRunner", "_tearDownAsyncioLoop"):  # the second is 3.10's
            if hasattr(IsolatedAsyncioTestCase, name):
                self._stand_in(IsolatedAsyncioTestCase, name, _loop_of_case)
        self.notice_modules()

    def notice_modules(self) -> None:
        """Stand in for the functions of modules that came since; cheap, asked before each test."""
        for name in _CANCELLERS:
            if name not in self._looked and (module := sys.modules.get(name)) is not None:
                self._looked.add(name)
                if hasattr(module, _NAME):
                    self._stand_in(module, _NAME)

    def end(self) -> None:
        while self._stood_in:
            owner, name, original = self._stood_in.pop()
            setattr(owner, name, original)
        self._looked.clear()

    def _note_makings(self) -> None:
        """A loop that a fixture or a test makes is known from its making, whether it ever runs or not."""
        original = asyncio.BaseEventLoop.__init__

        def made(loop: Any) -> None:
            original(loop)
            known_loops.add(loop)

        self._stood_in.append((asyncio.BaseEventLoop, "__init__", original))
        asyncio.BaseEventLoop.__init__ = made  # type: ignore[method-assign, assignment]

    def _stand_in(self, owner: Any, name: str, loop_of: Callable[[Any], Any] = lambda loop: loop) -> None:
        original, ends = getattr(owner, name), self._ends

        def ending(ended: Any) -> Any:
            __tracebackhide__ = True
            loop = loop_of(ended)
            if loop is not None and loop in harness_loops and not loop.is_closed() and not loop.is_running():
                _carefully(ends, loop)
            return original(ended)

        self._stood_in.append((owner, name, original))
        setattr(owner, name, ending)


def _carefully(ends: LoopEnds, loop: Any) -> None:
    """A mistake of ours must not keep a loop from ending."""
    try:
        ends(loop)
    except Exception:
        pass  # what was bound to this loop is then judged by what can still be seen of it


def _loop_of_case(case: Any) -> Any:
    """The loop that an async test case was run in: the test case made it, no test did."""
    runner = getattr(case, "_asyncioRunner", None)
    loop = runner.get_loop() if runner is not None else getattr(case, "_asyncioTestLoop", None)
    if loop is not None:
        harness_loops.add(loop)
    if (driver := getattr(case, "_asyncioCallsTask", None)) is not None:
        drivers.add(driver)
    return loop


def settle(loops: Iterable[Any], things: Iterable[Thing]) -> None:
    """Let what is about to end come to its end: turn the loops that stand still, wait for threads, collect.

    Harmless where a loop runs: then only the collector is asked.
    """
    things = list(things)
    until = time.monotonic() + _WAIT_SECONDS
    if running_here() is None:
        for loop in loops:
            if not loop.is_closed() and not loop.is_running():
                Settler().settle(loop)
    gc.collect()
    for thing in things:
        while _ends_elsewhere(thing) and thing.alive() and time.monotonic() < until:
            time.sleep(0.005)


def _ends_elsewhere(thing: Thing) -> bool:
    """Whether another thread or process is at work on it."""
    loop = thing.loop()
    return thing.kind in ("thread", "child", "executor") or (loop is not None and loop.is_running())


def running_here() -> Any:
    """The loop that runs in this thread just now."""
    return asyncio._get_running_loop()
