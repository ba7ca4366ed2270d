"""Settling: letting what is about to end come to its end, and collecting garbage, before anything is counted.

Theory of operation. Up to three rounds of: turn the loop until nothing is ready, collect, stop when nothing was found
(what the collector drops may schedule more work, an async generator's closing for one). Timers due within the loop's
`Patience` are waited for, once. Timers that are cancelled are taken off the loop's heap, as asyncio does by itself
only past a hundred of them: left there, they make a slow saw-tooth in every program that uses `asyncio.timeout`.

CPython's type cache is emptied: it keeps alive the last names that attributes were looked up by, up to 4,096 of them,
and a program that makes names up (`getattr(self, "on_" + event)`) would seem to leak strings until it is full.

Everything has a budget: a scenario that keeps itself busy is counted busy.
"""

from __future__ import annotations

import sys
from gc import collect
from heapq import heapify

from outlive.lifetimes.patience import Patience, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# 3.13 has the new name and warns about the old one.
_clear_type_cache: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache

_ROUNDS = 3
_MOST_TURNS = 1000
_TURNS_BLIND = 20  # a loop that does not show its queue (uvloop) gets so many turns
_TURNS_QUIET = 2  # one to see an empty queue, one for what the selector reports meanwhile
_BUSY_SECONDS = 0.25
_TIMER_SECONDS = 0.05


class Settler:
    """Settles one process, again and again; remembers whether waiting for timers was worth it."""

    __slots__ = ("_patience",)

    def __init__(self) -> None:
        self._patience = Patience(_TIMER_SECONDS)

    def settle(self, loop: Any) -> None:
        """Turn `loop` (None: there is none) until idle and collect, until neither finds anything to do."""
        idle = loop is None or loop.is_closed() or loop.is_running()
        for round_number in range(_ROUNDS):
            if not idle:
                loop.run_until_complete(self._quiet_down(loop, wait=round_number == 0))
                drop_cancelled_timers(loop)
            if not collect():
                break
        _clear_type_cache()

    def turn(self, loop: Any) -> None:
        """Turn a loop that is neither closed nor running until nothing is ready; timers are not waited for."""
        loop.run_until_complete(self._quiet_down(loop, wait=False))
        drop_cancelled_timers(loop)

    def collect(self) -> int:
        """Collect garbage until there is none, three times at most; how many unreachable objects were found."""
        found = 0
        for _ in range(_ROUNDS):
            now_found = collect()
            found += now_found
            if not now_found:
                break
        _clear_type_cache()
        return found

    async def _quiet_down(self, loop: Any, *, wait: bool) -> None:
        from asyncio import sleep

        await turn_until_idle(loop, sleep)
        if not wait:
            return
        seconds = _until_last_due(loop, self._patience.seconds)
        if seconds is None:
            return
        before = len(_timers(loop))
        await sleep(max(seconds, 0.0))
        await turn_until_idle(loop, sleep)
        self._patience.learn(paid_off=len(_timers(loop)) < before)


async def turn_until_idle(loop: Any, sleep: Any) -> None:
    queue = getattr(loop, "_ready", None)
    turns = _TURNS_BLIND if queue is None else _MOST_TURNS
    end = now() + _BUSY_SECONDS
    quiet = 0
    for _ in range(turns):
        await sleep(0)
        # While we run, our own handle is off the queue: what is left there are the others'.
        quiet = quiet + 1 if queue is not None and not queue else 0
        if quiet >= _TURNS_QUIET or now() > end:
            return


def _until_last_due(loop: Any, horizon: float) -> float | None:
    """Seconds until the last of the timers that are due within `horizon` has fired; None without any."""
    began = loop.time()
    due = [handle.when() for handle in _timers(loop) if handle.when() <= began + horizon]
    return max(due) - began if due else None


def _timers(loop: Any) -> list[Any]:
    return [handle for handle in getattr(loop, "_scheduled", ()) if not handle.cancelled()]


def drop_cancelled_timers(loop: Any) -> None:
    """Do what `BaseEventLoop._run_once` does once there are many; loops without that heap are left alone."""
    scheduled = getattr(loop, "_scheduled", None)
    if not isinstance(scheduled, list) or not getattr(loop, "_timer_cancelled_count", 0):
        return
    live = []
    for handle in scheduled:
        if handle.cancelled():
            handle._scheduled = False
        else:
            live.append(handle)
    heapify(live)
    scheduled[:] = live
    loop._timer_cancelled_count = 0
