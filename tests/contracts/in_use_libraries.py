"""A program that closes clients and pools of libraries: some while they are used, some as one should.

Prints, as JSON, library -> state -> the trouble and detail with which the closing was noted. Run by
test_library_in_use.py.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from outlive.contracts import load_contracts, rows
from outlive.lifetimes import hooks
from outlive.lifetimes.notebook import NOTEBOOK

TOLD: dict[str, dict[str, tuple[str, str]]] = {}
ASKED, ANSWER = threading.Event(), threading.Event()


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            ASKED.set()
            ANSWER.wait(20)
            self.close_connection = True
            return  # who asked has gone
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words: Any) -> None:
        pass


def note(library: str, state: str) -> None:
    """The closing that was noted last."""
    last = NOTEBOOK.closing_rows()[-1]
    TOLD.setdefault(library, {})[state] = (last["trouble"], last["detail"])


async def begun(coroutine: Any) -> asyncio.Task[Any]:
    """The task, once the server has its request."""
    ASKED.clear()
    task = asyncio.ensure_future(coroutine)
    while not task.done() and not ASKED.is_set():
        await asyncio.sleep(0.001)
    return task


async def aiohttp(url: str) -> None:
    import aiohttp

    session = aiohttp.ClientSession()
    task = await begun(session.get(f"{url}/slow"))
    await session.close()
    note("aiohttp", "used")
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        await response.text()
    note("aiohttp", "fine")
    connector = aiohttp.TCPConnector()
    one, other = (aiohttp.ClientSession(connector=connector, connector_owner=False) for _ in range(2))
    second = await begun(one.get(f"{url}/slow"))
    await other.close()
    note("aiohttp", "of a connector that is another's")
    ANSWER.set()
    await asyncio.gather(task, second, return_exceptions=True)
    await connector.close()
    await one.close()


async def httpx(url: str) -> None:
    import httpx

    client = httpx.AsyncClient()
    task = await begun(client.get(f"{url}/slow"))
    await client.aclose()
    note("httpx", "used")
    ANSWER.set()
    await asyncio.gather(task, return_exceptions=True)
    async with httpx.AsyncClient() as client:
        await client.get(url)
    note("httpx", "fine")


async def sqlalchemy(url: str) -> None:
    import sqlalchemy
    from sqlalchemy.pool import QueuePool

    engines = [sqlalchemy.create_engine("sqlite://", poolclass=QueuePool) for _ in range(2)]
    connection = engines[0].connect()
    engines[0].dispose()
    note("sqlalchemy", "used")
    connection.close()
    engines[1].connect().close()
    engines[1].dispose()
    note("sqlalchemy", "fine")


async def everything() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for make in (aiohttp, httpx, sqlalchemy):
        if importlib.util.find_spec(make.__name__) is not None:
            ANSWER.clear()
            await make(f"http://127.0.0.1:{server.server_address[1]}")


if __name__ == "__main__":
    hooks.attach(row for row in rows(load_contracts()) if row["library"])
    asyncio.run(everything())
    print(json.dumps(TOLD), flush=True)
    os._exit(0)
