"""Letting things come to their end, on demand: for tests, and for programs at a quiet moment."""

from __future__ import annotations

from outlive.lifetimes.ended import REGISTRY
from outlive.lifetimes.settle import Settler, turn_until_idle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

_SETTLER = Settler()


class Settled(int):
    """How many ended objects are still alive; awaited, how many are after the running loop has turned as well."""

    def __await__(self) -> Generator[Any, None, int]:
        return _turned().__await__()


def settled(loop: Any = None) -> Settled:
    """Collect garbage, and count the objects that have ended (`outlive.ends`, contracts) and are still alive.

    With a `loop` that does not run, it is turned first. In a coroutine write `await outlive.settled()`: then the loop
    that runs is turned until nothing is ready, and what was only in flight is gone. Bounded: a loop that is never idle
    is turned for a quarter of a second.

    >>> settled() >= 0
    True
    """
    if loop is not None and not loop.is_running() and not loop.is_closed():
        _SETTLER.turn(loop)
    _SETTLER.collect()
    return Settled(_left())


async def _turned() -> int:
    from asyncio import get_running_loop, sleep

    await turn_until_idle(get_running_loop(), sleep)
    if _SETTLER.collect():
        await turn_until_idle(get_running_loop(), sleep)
        _SETTLER.collect()
    return _left()


def _left() -> int:
    """Those alone that are known to be alive."""
    return sum(1 for row in REGISTRY.alive() if row.is_alive)
