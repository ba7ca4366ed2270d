"""A client: a peer that dials, says who it is, and dials again when the line goes down.

The server knows it by a token and keeps its session for a while, so what was lent and subscribed outlives a lost line.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from specimens.rpc import loop_errors
from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed, Refused, RequestTimeout
from specimens.rpc.peer import REQUEST_TIMEOUT_S, VERSION, Peer
from specimens.rpc.remote import RemoteService

logger = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.05
LAST_BACKOFF_S = 10.0
SWEEP_S = 5.0
Dial = Callable[[], Awaitable[Connection]]


class Client(Peer):
    """`async with Client("ws://…") as client:`, or `connect()` and `close()`. Its services are added before or after.

    `where` is a URL, or a coroutine function that gives a line. `key` is what the server asks for, if it asks.
    """

    def __init__(
        self,
        where: str | Dial,
        *,
        name: str = "client",
        key: str = "",
        topics: tuple[str, ...] = (),
        request_timeout: float = REQUEST_TIMEOUT_S,
    ) -> None:
        super().__init__(name, request_timeout=request_timeout)
        self._where = where
        self._key = key
        self._token = ""
        self._topics = list(topics)
        self._line_lost = asyncio.Event()
        self._watched: asyncio.AbstractEventLoop | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Client:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Returns when the server has accepted. Raises `OSError`, `Refused` or `RequestTimeout`, and then is closed."""
        try:
            await self._dial_and_greet()
        except BaseException:
            await self.close()
            raise
        self._watch_loop()
        self.background.spawn(self._keep_line(), "rpc line")
        self.background.spawn(self._on_connected(), "rpc connected")

    async def subscribe(self, topic: str, handler: Callable[..., Any]) -> None:
        """Have the handler called for what the server publishes under the topic, also after a reconnection."""
        self.on(topic, handler)
        if topic not in self._topics:
            self._topics.append(topic)
            if self._connection is None:
                return  # the next line begins with all topics
            await self.call("hub", "subscribe", [topic])

    def hub(self) -> RemoteService:
        """The server's own service: subscriptions, and who else is there."""
        return self.service("hub")

    async def _dial_and_greet(self) -> None:
        connection = await self._dial()
        self.attach(connection)
        hello = {"t": "hello", "name": self.name, "key": self._key, "token": self._token}
        welcome = await self._ask(hello, self.request_timeout)
        if welcome["version"] != VERSION:
            raise Refused(f"the server speaks version {welcome['version']}, this client {VERSION}")
        self._token = welcome["token"]

    async def _dial(self) -> Connection:
        return await (open_line(self._where) if isinstance(self._where, str) else self._where())

    def _line_down(self) -> None:
        super()._line_down()
        self._line_lost.set()

    async def _keep_line(self) -> None:
        """Dial again each time the line goes down."""
        while True:
            await self._line_lost.wait()
            self.events.emit("lost")
            try:
                await self._reconnect()
            except Refused as error:
                logger.error("%s: not wanted any more: %s", self.name, str(error))
                await self.close()
                return
            self.background.spawn(self._on_connected(), "rpc connected")

    async def _reconnect(self) -> None:
        """Try until it works, at growing intervals with some chance in them: all clients lose a server at once."""
        pause = FIRST_BACKOFF_S
        while True:
            self._line_lost.clear()
            try:
                await self._dial_and_greet()
                return
            except (OSError, PeerClosed, RequestTimeout) as error:
                logger.info("%s: no line yet: %s", self.name, str(error))
            await self._abandon_line()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, LAST_BACKOFF_S)

    async def _abandon_line(self) -> None:
        """A line on which the greeting failed may still be open."""
        await self._drop_connection()

    async def _on_connected(self) -> None:
        """What every new line needs: the subscriptions, then the word to the handlers, then the sweeper."""
        try:
            if self._topics:
                await self.call("hub", "subscribe", self._topics)
        except PeerClosed:
            return  # the line is down again; the next one begins here anew
        self.events.emit("connected")
        if self._sweeper is None:
            self._sweeper = self.background.spawn(self._sweep_loop(), "rpc sweeper")

    async def _sweep_loop(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._sweep()

    def _watch_loop(self) -> None:
        self._watched = asyncio.get_running_loop()
        loop_errors.start(self._watched)

    def _unwatch_loop(self) -> None:
        if self._watched is not None:
            loop_errors.stop(self._watched)
            self._watched = None

    async def _stop_tasks(self) -> None:
        self._unwatch_loop()
        await super()._stop_tasks()
        self._sweeper = None


async def open_line(url: str) -> Connection:
    """A line to the server at a URL."""
    # Imported here, so that lines inside one process need no websockets.
    from specimens.rpc.websocket import open_websocket

    return await open_websocket(url)
