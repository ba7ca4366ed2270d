"""Lines inside one process, without sockets: each text arrives one turn of the loop after it was sent.

For tests and soaks whose order of events must be the same every time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed

if TYPE_CHECKING:
    from specimens.rpc.server import Server


class LoopbackConnection(Connection):
    """One end."""

    def __init__(self) -> None:
        super().__init__()
        self._other: LoopbackConnection | None = None

    async def send(self, text: str) -> None:
        if self._other is None:
            raise PeerClosed("the line is down")
        asyncio.get_running_loop().call_soon(self._other._deliver, text)

    def _deliver(self, text: str) -> None:
        if self.is_open:
            self._arrived(text)

    async def close(self) -> None:
        other, self._other = self._other, None
        self._ended()
        if other is not None:
            other._other = None
            asyncio.get_running_loop().call_soon(other._ended)


def pair() -> tuple[LoopbackConnection, LoopbackConnection]:
    """Both ends of a new line."""
    one, two = LoopbackConnection(), LoopbackConnection()
    one._other, two._other = two, one
    return one, two


def dial(server: Server) -> Callable[[], Awaitable[LoopbackConnection]]:
    """What a client in the same process takes in place of a URL."""

    async def line() -> LoopbackConnection:
        ours, theirs = pair()
        server.accept(theirs)
        return ours

    return line
