"""Tasks that nobody ends, ends too late, or ends in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from specimens.rpc.background import Background
from specimens.rpc.client import Client
from specimens.rpc.events import Emitter


class ForgetfulEmitter(Emitter):
    """Fires handlers and forgets them."""

    def _run(self, awaitable: Awaitable[Any], name: str) -> None:
        asyncio.ensure_future(awaitable)  # noqa: RUF006  # this is the mistake


class FiresAndForgets(Client):
    """Handlers that wait for something go on when the client is closed; nobody knows them."""

    def _make_emitter(self) -> Emitter:
        return ForgetfulEmitter(self.background)


class RememberingEmitter(Emitter):
    """Fires handlers and knows them while they run."""

    def __init__(self, background: Background) -> None:
        super().__init__(background)
        self._running: set[asyncio.Future[Any]] = set()

    def _run(self, awaitable: Awaitable[Any], name: str) -> None:
        task = asyncio.ensure_future(awaitable)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


class NeverCancels(Client):
    """Handlers are known while they run, but `close` does not cancel them."""

    def _make_emitter(self) -> Emitter:
        return RememberingEmitter(self.background)


class CancelsWithoutWaiting(Client):
    """Asks the tasks to end and does not wait until they have. They need one more turn of the loop."""

    async def _stop_tasks(self) -> None:
        self._unwatch_loop()
        self._sweeper = None
        for task in tuple(self.background._tasks):
            task.cancel()


class GathersCancelled(Client):
    """Waits for the cancelled tasks with `gather`, whose result keeps their exceptions until the loop turns.

    That is no mistake: who looks for the client right after `close()`, inside the callback that `gather` ended with,
    sees it alive. It is gone one turn later.
    """

    async def _stop_tasks(self) -> None:
        self._unwatch_loop()
        self._sweeper = None
        tasks = self.background._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SwallowsCancellation(Client):
    """Waits for its subscriptions with `wait_for`, and starts the sweeper outside of its background.

    Before Python 3.12 `wait_for` returns the answer when it is cancelled in the turn in which the answer came. Then
    `close` has cancelled in vain: this goes on in a client that is closed, and starts a sweeper that nobody ends.
    """

    async def _on_connected(self) -> None:
        await asyncio.wait_for(self.call("hub", "subscribe", self._topics), self.request_timeout)
        self.events.emit("connected")
        if self._sweeper is None:
            self._sweeper = asyncio.ensure_future(self._sweep_loop())

    async def _stop_tasks(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        await super()._stop_tasks()
