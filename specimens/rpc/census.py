"""Counts what is left, by Python's own means: weak references, the loop's tasks, the descriptors of the process."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Census:
    """How many clients were alive at which moment, and what else there was at the end.

    `at_once`: summed over all cycles, right after `close()`, before the loop could turn. `after_turns`: at the end,
    when the loop had turned. `after_collect`: when the collector had run too. Only these are left for good.
    """

    cycles: int
    at_once: int
    after_turns: int
    after_collect: int
    sessions: int
    tasks: int
    fds: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.cycles} connects and disconnects in {self.seconds:.1f} s\n"
            f"clients alive   right after close: {self.at_once}   after the loop turned: {self.after_turns}"
            f"   after a collection: {self.after_collect}\n"
            f"left over       sessions: {self.sessions}   tasks: {self.tasks}   descriptors: {self.fds:+d}"
        )


def count_fds() -> int:
    return len(os.listdir("/proc/self/fd"))


def count_tasks() -> int:
    return len(asyncio.all_tasks())


async def turn(times: int = 5) -> None:
    """Let the loop turn so often."""
    for _ in range(times):
        await asyncio.sleep(0)


class Register:
    """Objects whose number is asked for; it keeps none of them alive."""

    def __init__(self) -> None:
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()
        self._newest: weakref.ref[Any] | None = None

    def note(self, thing: Any) -> None:
        self._known.add(thing)
        self._newest = weakref.ref(thing)

    @property
    def has_newest(self) -> bool:
        """Whether the last one noted is alive."""
        return self._newest is not None and self._newest() is not None

    def __len__(self) -> int:
        return len(self._known)

    async def settled(self) -> tuple[int, int]:
        """How many are alive after some turns of the loop, and after the collector has run as well."""
        await turn()
        turned = len(self._known)
        gc.collect()
        await turn()
        gc.collect()
        return turned, len(self._known)
