"""A program that makes a resource of each class of the libraries' packs: one open, one ended, one idle.

Only of libraries that are installed. Servers are the library's own where it has one, else a few lines of ours that
speak as much of the protocol as connecting needs. Takes a snapshot into argv[1] and prints class -> state -> addresses
as JSON.
"""

from __future__ import annotations

import asyncio
import concurrent.futures as cf
import http.server
import importlib
import json
import os
import socketserver
import struct
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from typing import Any

from outlive.capture.snapshot import take

FOUND: dict[str, dict[str, Any]] = {}
ERRORS: dict[str, str] = {}
KEPT: list[Any] = []


def note(kind: str, **states: Any) -> None:
    FOUND[kind] = states


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers every GET with a page, and keeps the connection; of "/part" it never sends the second half."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"x" * (50000 if self.path == "/part" else 100000))

    def log_message(self, *words: Any) -> None:
        pass


class Redis(socketserver.StreamRequestHandler):
    """Says OK to every command."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            for _ in range(2 * int(line[1:])):
                self.rfile.readline()
            self.wfile.write(b"+OK\r\n")


class Postgres(socketserver.StreamRequestHandler):
    """Lets everybody in without a password; answers nothing else."""

    def handle(self) -> None:
        while head := self.rfile.read(8):
            length, code = struct.unpack("!ii", head)
            self.rfile.read(length - 8)
            if code >> 16 == 3:
                break
            self.wfile.write(b"N")  # no encryption
        self._say(b"R", struct.pack("!i", 0))
        for name, value in ((b"server_version", b"16.0"), (b"client_encoding", b"UTF8"), (b"TimeZone", b"UTC")):
            self._say(b"S", name + b"\0" + value + b"\0")
        self._say(b"K", struct.pack("!ii", 1, 1))
        self._say(b"Z", b"I")
        self.rfile.read()

    def _say(self, kind: bytes, body: bytes) -> None:
        self.wfile.write(kind + struct.pack("!i", len(body) + 4) + body)
        self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def serve(handler: type[socketserver.BaseRequestHandler]) -> int:
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    KEPT.append(server)
    return int(server.server_address[1])


# ---- libraries without asyncio -------------------------------------------------------------------------------------


def urllib3() -> None:
    import urllib3

    port = serve(Pages)
    pools = [urllib3.PoolManager() for _ in range(3)]
    for pool in pools[:2]:
        pool.request("GET", f"http://127.0.0.1:{port}/")
    pools[1].clear()
    note("urllib3.poolmanager.PoolManager", open=pools[0], ended=pools[1:])
    hosts = [urllib3.HTTPConnectionPool("127.0.0.1", port) for _ in range(2)]
    answers = [host.request("GET", "/", preload_content=False) for host in hosts]
    answers[1].read()
    answers[1].release_conn()
    note("urllib3.response.HTTPResponse", open=answers[0], ended=answers[1])
    connections = [answers[0]._connection, hosts[1]._get_conn()]
    connections[1].close()
    note("urllib3.connection.HTTPConnection", open=connections[0], ended=connections[1])
    hosts[1].close()
    note("urllib3.connectionpool.HTTPConnectionPool", open=hosts[0], ended=hosts[1])


def httpx() -> None:
    import httpx

    address = f"http://127.0.0.1:{serve(Pages)}/"
    clients = [httpx.Client() for _ in range(3)]
    for client in clients[:2]:
        client.get(address)
    clients[1].close()
    note("httpx.Client", open=clients[0], ended=clients[1], idle=clients[2])


def sqlalchemy() -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")
    connections = [engine.connect() for _ in range(2)]
    connections[1].close()
    note("sqlalchemy.engine.base.Connection", open=connections[0], ended=connections[1])
    sessions = [Session(engine) for _ in range(4)]
    for session in sessions[:2]:
        session.execute(text("SELECT 1"))
    sessions[1].close()
    sessions[2].begin()
    note("sqlalchemy.orm.session.Session", open=sessions[0], ended=[sessions[1], sessions[3]], idle=sessions[2])


def redis() -> None:
    import redis

    port = serve(Redis)
    clients = [redis.Redis(port=port, protocol=2) for _ in range(2)]
    connections = [client.connection_pool.make_connection() for client in clients]
    for connection in connections:
        connection.connect()
    connections[1].disconnect()
    note("redis.connection.AbstractConnection", open=connections[0], ended=connections[1])
    subscriptions = [clients[0].pubsub() for _ in range(3)]
    for subscription in subscriptions[:2]:
        subscription.subscribe("news")
    subscriptions[1].close()
    note("redis.client.PubSub", open=subscriptions[0], ended=subscriptions[1:])


def psycopg() -> None:
    import psycopg

    port = serve(Postgres)
    words = f"host=127.0.0.1 port={port} user=me dbname=d sslmode=disable gssencmode=disable"
    connections = [psycopg.connect(words) for _ in range(3)]
    connections[1].close()
    connections[2]._pool = connections  # as a pool marks its own
    note("psycopg.Connection", open=connections[0], ended=connections[1], idle=connections[2])


def psycopg_pool() -> None:
    from psycopg_pool import ConnectionPool

    words = f"host=127.0.0.1 port={serve(Postgres)} user=me dbname=d sslmode=disable gssencmode=disable"
    pools = [ConnectionPool(words, min_size=1, open=False) for _ in range(3)]
    for pool in pools[:2]:
        pool.open(wait=True)
    pools[1].close()
    note("psycopg_pool.base.BasePool", open=pools[0], ended=pools[1:])


def botocore() -> None:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    address = f"http://127.0.0.1:{serve(Pages)}/"
    sessions = [URLLib3Session() for _ in range(2)]
    for session in sessions:
        session.send(AWSRequest("GET", address).prepare())
    sessions[1].close()
    note("botocore.httpsession.URLLib3Session", open=sessions[0], ended=sessions[1])


def apscheduler() -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    schedulers = [BackgroundScheduler(timezone="UTC") for _ in range(3)]
    for scheduler in schedulers[:2]:
        scheduler.start()
    schedulers[1].shutdown()
    note("apscheduler.schedulers.base.BaseScheduler", open=schedulers[0], ended=schedulers[1:])


def watchdog() -> None:
    from watchdog.observers import Observer

    observers = [Observer() for _ in range(3)]
    for observer in observers[:2]:
        observer.start()
    observers[1].stop()
    observers[1].join()
    note("watchdog.observers.api.BaseObserver", open=observers[0], ended=observers[1], idle=observers[2])


def grpc() -> None:
    import grpc

    servers = [grpc.server(cf.ThreadPoolExecutor(1)) for _ in range(3)]
    for server in servers[:2]:
        server.start()
    servers[1].stop(None).wait()
    note("grpc._server._Server", open=servers[0], ended=servers[1:])


# ---- libraries with asyncio ----------------------------------------------------------------------------------------


async def aiohttp() -> None:
    import aiohttp
    from aiohttp import web

    address = f"http://127.0.0.1:{serve(Pages)}/"
    sessions = [aiohttp.ClientSession() for _ in range(4)]
    answers = [await session.get(address + path) for session, path in zip(sessions, ("part", "", ""))]
    await answers[1].read()
    note("aiohttp.client_reqrep.ClientResponse", open=answers[0], ended=answers[1])
    connectors = [session.connector for session in sessions]
    await sessions[2].close()
    note("aiohttp.client.ClientSession", open=sessions[:2], ended=sessions[2], idle=sessions[3])
    note("aiohttp.connector.BaseConnector", open=connectors[:2], ended=connectors[2], idle=connectors[3])
    runners = [web.AppRunner(application(web)) for _ in range(3)]
    for runner in runners[:2]:
        await runner.setup()
    await runners[1].cleanup()
    note("aiohttp.web_runner.BaseRunner", open=runners[0], ended=runners[1:])
    site = web.TCPSite(runners[0], "127.0.0.1", 0)
    await site.start()
    where = runners[0].addresses[0]
    sockets = [await sessions[3].ws_connect(f"http://127.0.0.1:{where[1]}/") for _ in range(2)]
    await sockets[1].close()
    note("aiohttp.client_ws.ClientWebSocketResponse", open=sockets[0], ended=sockets[1])
    idle = aiohttp.ClientSession()
    note("aiohttp.client.ClientSession", open=sessions[:2], ended=sessions[2], idle=idle)
    note("aiohttp.connector.BaseConnector", open=connectors[:2], ended=connectors[2], idle=idle.connector)


def application(web: Any) -> Any:
    async def echo(request: Any) -> Any:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for _ in answer:
            pass
        return answer

    made = web.Application()
    made.router.add_get("/", echo)
    return made


async def httpx_asyncio() -> None:
    import httpx

    address = f"http://127.0.0.1:{serve(Pages)}/"
    clients = [httpx.AsyncClient() for _ in range(3)]
    for client in clients[:2]:
        await client.get(address)
    await clients[1].aclose()
    note("httpx.AsyncClient", open=clients[0], ended=clients[1], idle=clients[2])


async def websockets() -> None:
    await websockets_of("legacy", "websockets.legacy.protocol.WebSocketCommonProtocol", "WebSocketServer")
    if importlib.util.find_spec("websockets.asyncio"):
        await websockets_of("asyncio", "websockets.asyncio.connection.Connection", "Server")
    from websockets.sync.client import connect

    # The server is the last one that was started; the client runs in a thread, for it blocks.
    port = KEPT[-1].sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    made = [await loop.run_in_executor(None, connect, f"ws://127.0.0.1:{port}/") for _ in range(2)]
    await loop.run_in_executor(None, made[1].close)
    note("websockets.sync.connection.Connection", open=made[0], ended=made[1])


async def websockets_of(kind: str, connection: str, server: str) -> None:
    client = importlib.import_module(f"websockets.{kind}.client")
    serving = importlib.import_module(f"websockets.{kind}.server")

    async def echo(ws: Any, *path: Any) -> None:
        await ws.wait_closed()

    servers = [await serving.serve(echo, "127.0.0.1", 0) for _ in range(2)]
    port = servers[0].sockets[0].getsockname()[1]
    made = [await client.connect(f"ws://127.0.0.1:{port}/") for _ in range(2)]
    await made[1].close()
    servers[1].close()
    await servers[1].wait_closed()
    KEPT.append(servers[0])
    note(connection, open=made[0], ended=made[1])
    note(f"websockets.{kind}.server.{server}", open=servers[0], ended=servers[1])


async def redis_asyncio() -> None:
    import redis.asyncio

    client = redis.asyncio.Redis(port=serve(Redis), protocol=2)
    connections = [client.connection_pool.make_connection() for _ in range(2)]
    for connection in connections:
        await connection.connect()
    await connections[1].disconnect()
    note("redis.asyncio.connection.AbstractConnection", open=connections[0], ended=connections[1])
    subscriptions = [client.pubsub() for _ in range(3)]
    for subscription in subscriptions[:2]:
        await subscription.subscribe("news")
    await subscriptions[1].aclose()
    note("redis.asyncio.client.PubSub", open=subscriptions[0], ended=subscriptions[1:])


async def asyncpg() -> None:
    import asyncpg

    port = serve(Postgres)
    where = {"host": "127.0.0.1", "port": port, "user": "me", "database": "d", "ssl": False}
    connections = [await asyncpg.connect(**where) for _ in range(2)]
    connections[1].terminate()
    pools = [asyncpg.create_pool(min_size=1, **where) for _ in range(3)]
    for pool in pools[:2]:
        await pool
    pools[1].terminate()
    note("asyncpg.connection.Connection", open=connections[0], ended=connections[1])
    note("asyncpg.pool.Pool", open=pools[0], ended=pools[1], idle=pools[2])


async def psycopg_asyncio() -> None:
    import psycopg

    words = f"host=127.0.0.1 port={serve(Postgres)} user=me dbname=d sslmode=disable gssencmode=disable"
    connections = [await psycopg.AsyncConnection.connect(words) for _ in range(2)]
    await connections[1].close()
    note("psycopg.AsyncConnection", open=connections[0], ended=connections[1])


PLAIN = (urllib3, httpx, sqlalchemy, redis, psycopg, psycopg_pool, botocore, apscheduler, watchdog, grpc)
WITH_LOOP = (aiohttp, httpx_asyncio, websockets, redis_asyncio, asyncpg, psycopg_asyncio)


def installed(make: Callable[..., Any]) -> bool:
    return importlib.util.find_spec(make.__name__.removesuffix("_asyncio")) is not None


async def everything() -> None:
    for make in filter(installed, PLAIN):
        try:
            make()
        except Exception:
            ERRORS[make.__name__] = traceback.format_exc()
    for make in filter(installed, WITH_LOOP):
        try:
            await asyncio.wait_for(make(), 20)
        except Exception:
            ERRORS[make.__name__] = traceback.format_exc()
    take(sys.argv[1])
    states = {kind: {state: addresses(of) for state, of in found.items()} for kind, found in FOUND.items()}
    print(json.dumps({"resources": states, "errors": ERRORS}), flush=True)


def addresses(objects: Any) -> list[int]:
    return [id(one) for one in objects] if isinstance(objects, list) else [id(objects)]


if __name__ == "__main__":
    import importlib.util

    os.chdir(tempfile.mkdtemp())
    asyncio.new_event_loop().run_until_complete(everything())
    os._exit(0)
