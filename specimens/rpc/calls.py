"""Requests under way: a number each, a future for the answer, and a timer for the case that none comes.

The timer fails the future itself; there is no `wait_for`, so a cancelled caller is always told so.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from specimens.rpc.errors import RequestTimeout


class Calls:
    """Numbers, answers and time-outs of one peer's requests."""

    def __init__(self) -> None:
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._pending)

    def start(self) -> int:
        """A new number, whose answer may come from now on."""
        number = next(self._numbers)
        self._pending[number] = asyncio.get_running_loop().create_future()
        return number

    async def answer(self, number: int, seconds: float) -> Any:
        """What the other side says to it. Raises its error, or `RequestTimeout`."""
        future = self._pending[number]
        late = RequestTimeout(f"no answer within {seconds:g} s")
        timer = asyncio.get_running_loop().call_later(seconds, _fail, future, late)
        try:
            return await future
        finally:
            timer.cancel()
            self.forget(number)
            # An exception knows this frame; the frame must not know the exception, or the two are a cycle.
            del future, timer, late

    def forget(self, number: int) -> None:
        """Nobody waits for it any more; an answer that still comes is dropped."""
        self._pending.pop(number, None)

    def finish(self, number: int, value: Any) -> None:
        future = self._pending.get(number)
        if future is not None and not future.done():
            future.set_result(value)

    def fail(self, number: int, error: Exception) -> None:
        future = self._pending.get(number)
        if future is not None:
            _fail(future, error)

    def fail_all(self, kind: type[Exception], text: str) -> None:
        """An error of its own for each: one shared exception would collect the frames of all who waited."""
        for future in self._pending.values():
            _fail(future, kind(text))
        self._pending.clear()


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
