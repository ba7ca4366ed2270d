"""A small aiohttp service for the soak: `python service.py PORT`. Sound on purpose: it leaves nothing behind.

Answers JSON, keeps sessions for a while and forgets them, asks itself over a client session of its own, and echoes on
web sockets. SIGTERM ends it in good order.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from aiohttp import ClientSession, WSMsgType, web

_SESSION_SECONDS = 2.0


class Sessions:
    """Who was here lately."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def touch(self, name: str) -> int:
        self._seen[name] = time.monotonic()
        return len(self._seen)

    async def sweep(self) -> None:
        while True:
            await asyncio.sleep(_SESSION_SECONDS / 4)
            edge = time.monotonic() - _SESSION_SECONDS
            for name in [name for name, seen in self._seen.items() if seen < edge]:
                del self._seen[name]


SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)
CLIENT: web.AppKey[ClientSession] = web.AppKey("client", ClientSession)


async def hello(request: web.Request) -> web.Response:
    name = request.query.get("name", "nobody")
    return web.json_response({"hello": name, "here": request.app[SESSIONS].touch(name)})


async def relay(request: web.Request) -> web.Response:
    """Asks the service itself, with a deadline."""
    address = request.url.with_path("/hello")
    async with asyncio.timeout(5), request.app[CLIENT].get(address) as answer:
        return web.json_response(await answer.json())


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def _while_up(app: web.Application):
    app[CLIENT] = ClientSession()
    sweeper = asyncio.create_task(app[SESSIONS].sweep(), name="sweeper")
    yield
    sweeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sweeper
    await app[CLIENT].close()


def application() -> web.Application:
    app = web.Application()
    app[SESSIONS] = Sessions()
    app.add_routes([web.get("/hello", hello), web.get("/relay", relay), web.get("/echo", echo)])
    app.cleanup_ctx.append(_while_up)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
