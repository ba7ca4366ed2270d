"""Lines over real websockets, by the `websockets` package."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed

if TYPE_CHECKING:
    from specimens.rpc.server import Server

CLOSE_TIMEOUT_S = 2.0


class WebSocketConnection(Connection):
    """A websocket and the task that reads it."""

    def __init__(self, socket: Any) -> None:
        super().__init__()
        self._socket = socket
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="rpc websocket reader")

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._arrived(text)
        except ConnectionClosed:
            pass  # without a closing handshake; for us the line is down either way
        finally:
            self._ended()

    async def send(self, text: str) -> None:
        try:
            await self._socket.send(text)
            return
        except ConnectionClosed:
            pass
        # Raised out here so that it has no context: that exception's frames know the whole websocket.
        raise PeerClosed("the line is down")

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.wait({self._reader})

    async def wait_closed(self) -> None:
        await asyncio.wait({self._reader})


async def open_websocket(url: str) -> WebSocketConnection:
    """A line to a server. Raises `OSError` when nobody listens there."""
    # proxy=None: a specimen talks to this machine, whatever the environment says about proxies.
    return WebSocketConnection(await connect(url, proxy=None, close_timeout=CLOSE_TIMEOUT_S, max_size=None))


@asynccontextmanager
async def listening(server: Server, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Accept websockets for a server while inside; gives the URL. Closes the server at the end."""
    async with serve(_handler(server), host, port, close_timeout=CLOSE_TIMEOUT_S, max_size=None) as listener:
        bound = next(iter(listener.sockets)).getsockname()[1]
        try:
            yield f"ws://{host}:{bound}"
        finally:
            await server.close()


def _handler(server: Server) -> Callable[[ServerConnection], Any]:
    async def handle(socket: ServerConnection) -> None:
        connection = WebSocketConnection(socket)
        server.accept(connection)
        # The websocket lives as long as this coroutine runs.
        await connection.wait_closed()

    return handle
