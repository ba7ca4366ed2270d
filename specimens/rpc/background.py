"""The tasks of one owner, none of which outlives `close()`.

Theory of operation: asyncio itself holds tasks weakly, so somebody must keep them; and a task that goes on after its
owner has closed is the worst leak there is, since the loop's timers hold it. Both are this class's job. After `close`
has begun, `spawn` refuses: a task whose cancellation got lost cannot start another one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from specimens.rpc.errors import PeerClosed

logger = logging.getLogger(__name__)

ROUNDS = 3
PATIENCE_S = 1.0
"""A task may swallow a cancellation (`wait_for` before Python 3.12 does), so it is asked again, but not for ever."""


class Background:
    """Keeps tasks while they run, logs what they raise, and ends them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run it until it ends or the owner closes. Raises `PeerClosed` when the owner has."""
        if self._closed:
            coroutine.close()
            raise PeerClosed(f"closed, so there will be no {name}")
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The text alone: a record that keeps the exception keeps its frames, and so everything they worked on.
            logger.error("%s failed: %s", task.get_name(), repr(task.exception()))

    async def close(self) -> None:
        """Cancel every task and wait for its end. A task that calls this is not waited for: it ends by returning."""
        self._closed = True
        for _ in range(ROUNDS):
            others = self._tasks - {asyncio.current_task()}
            if not others:
                return
            for task in others:
                task.cancel()
            # Not `gather`: its result would hold our tasks' exceptions, and their frames, for one more turn.
            await asyncio.wait(others, timeout=PATIENCE_S)
        if others := self._tasks - {asyncio.current_task()}:
            logger.error("%d tasks did not end: %s", len(others), ", ".join(task.get_name() for task in others))
