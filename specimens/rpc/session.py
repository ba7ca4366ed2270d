"""The server's side of one client, for as long as the client is known: over several lines, and some time without."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed
from specimens.rpc.peer import Peer
from specimens.rpc.services import Services


class Session(Peer):
    """A peer that waits to be found again when its line goes down. `ended` is called once, when it closes."""

    def __init__(self, name: str, offers: Services, ended: Callable[[Session], None], request_timeout: float) -> None:
        super().__init__(name, request_timeout=request_timeout, offers=offers)
        self.token = secrets.token_hex(16)
        self.topics: set[str] = set()
        self.lost_at: float | None = None
        self._tell_ended: Callable[[Session], None] | None = ended
        self.services.add("hub", {"subscribe": self._subscribe, "unsubscribe": self._unsubscribe})

    async def resume(self, connection: Connection) -> None:
        """Go on over a new line. An old one that seems open still is dead: its client would not have dialled."""
        await self._drop_connection()
        self.lost_at = None
        self.attach(connection)

    def welcome(self, number: int, version: int) -> None:
        """Answer the greeting."""
        value = {"token": self.token, "version": version}
        self.background.spawn(self._send({"t": "result", "id": number, "value": value}), "rpc welcome")

    def publish(self, topic: str, values: tuple[Any, ...]) -> None:
        if topic in self.topics and self.has_line:
            self.background.spawn(self._publish(topic, values), f"rpc publish {topic}")

    async def _publish(self, topic: str, values: tuple[Any, ...]) -> None:
        try:
            await self.tell(topic, *values)
        except PeerClosed:
            pass  # events are for who is there

    def is_overdue(self, now: float, patience: float) -> bool:
        return self.lost_at is not None and now - self.lost_at >= patience

    def sweep(self) -> None:
        self._sweep()

    def _line_down(self) -> None:
        super()._line_down()
        self._connection = None  # this wait may be long; a websocket is not small
        self.lost_at = asyncio.get_running_loop().time()

    def _forget_services(self) -> None:
        super()._forget_services()
        tell, self._tell_ended = self._tell_ended, None
        if tell is not None:
            tell(self)

    def _subscribe(self, topics: list[str]) -> None:
        self.topics.update(topics)

    def _unsubscribe(self, topics: list[str]) -> None:
        self.topics.difference_update(topics)
