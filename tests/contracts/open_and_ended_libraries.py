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
import socket
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


class Amqp(socketserver.StreamRequestHandler):
    """Lets everybody connect, and says yes to the end of a connection; knows no channels."""

    def handle(self) -> None:
        self.rfile.read(8)
        self._say(10, 10, b"\0\x09" + struct.pack("!i", 0) + self._long(b"PLAIN") + self._long(b"en_US"))
        while head := self.rfile.read(7):
            body = self.rfile.read(struct.unpack("!i", head[3:])[0] + 1)
            match struct.unpack("!HH", body[:4]):
                case (10, 11):
                    self._say(10, 30, struct.pack("!HiH", 0, 131072, 0))
                case (10, 40):
                    self._say(10, 41, b"\0")
                case (10, 50):
                    self._say(10, 51, b"")

    def _long(self, text: bytes) -> bytes:
        return struct.pack("!i", len(text)) + text

    def _say(self, kind: int, method: int, words: bytes) -> None:
        payload = struct.pack("!HH", kind, method) + words
        self.wfile.write(struct.pack("!BHi", 1, 0, len(payload)) + payload + b"\xce")
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


def httpx(name: str = "httpx") -> None:
    library = importlib.import_module(name)
    address = f"http://127.0.0.1:{serve(Pages)}/"
    clients = [library.Client() for _ in range(3)]
    for client in clients[:2]:
        client.get(address)
    clients[1].close()
    note(f"{name}.Client", open=clients[0], ended=clients[1], idle=clients[2])


def httpx2() -> None:
    httpx("httpx2")


def requests() -> None:
    import requests

    port = serve(Pages)
    sessions = [requests.Session() for _ in range(3)]
    for session in sessions[:2]:
        session.get(f"http://127.0.0.1:{port}/")
    sessions[1].close()
    note("requests.sessions.Session", open=sessions[0], ended=sessions[1:])


def sqlalchemy() -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import QueuePool

    engines = [create_engine("sqlite://", poolclass=QueuePool) for _ in range(3)]
    for one in engines[:2]:
        one.connect().close()
    engines[1].dispose()
    note("sqlalchemy.engine.base.Engine", open=engines[0], ended=engines[1:])

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
    asked = [redis.Redis(port=port, protocol=2) for _ in range(3)]
    for one in asked[:2]:
        one.ping()
    asked[1].close()
    note("redis.client.Redis", open=asked[0], ended=asked[1:])
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


def paramiko() -> None:
    import paramiko

    made = [ssh_pair(paramiko) for _ in range(2)]
    unstarted = paramiko.Transport(socket.socketpair()[0])
    channels = [made[0].open_session(), made[0].open_session(), made[1].open_session()]
    channels[1].close()
    made[1].close()
    made[1].join()
    note("paramiko.transport.Transport", open=made[0], ended=[made[1], unstarted])
    note("paramiko.channel.Channel", open=channels[0], ended=channels[1:])
    clients = [paramiko.SSHClient() for _ in range(3)]
    clients[0]._transport, clients[1]._transport = made  # as `connect` does
    note("paramiko.client.SSHClient", open=clients[0], ended=clients[1:])


def ssh_pair(paramiko: Any) -> Any:
    """A client's transport that is connected to a server's."""

    class Everybody(paramiko.ServerInterface):  # type: ignore[misc]
        def check_auth_none(self, username: str) -> int:
            return int(paramiko.AUTH_SUCCESSFUL)

        def get_allowed_auths(self, username: str) -> str:
            return "none"

        def check_channel_request(self, kind: str, number: int) -> int:
            return int(paramiko.OPEN_SUCCEEDED)

    ours, theirs = socket.socketpair()
    server, client = paramiko.Transport(theirs), paramiko.Transport(ours)
    server.add_server_key(paramiko.ECDSAKey.generate())
    server.start_server(event=threading.Event(), server=Everybody())
    client.start_client(timeout=10)
    client.auth_none("me")
    KEPT.append(server)
    return client


def zmq() -> None:
    import zmq

    contexts = [zmq.Context() for _ in range(4)]
    sockets = [context.socket(zmq.PAIR) for context in contexts[:3]]
    sockets[1].close()
    contexts[2].destroy()
    KEPT.append(sockets)
    note("zmq.sugar.context.Context", open=contexts[0], ended=contexts[1:])


def starlette() -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    clients = [TestClient(Starlette()) for _ in range(3)]
    for client in clients[:2]:
        client.__enter__()
    clients[1].__exit__()
    note("starlette.testclient.TestClient", open=clients[0], ended=clients[1:])


def pymongo() -> None:
    import pymongo

    nobody = {"serverSelectionTimeoutMS": 1}
    clients = [pymongo.MongoClient("127.0.0.1:9", connect=at < 2, **nobody) for at in range(3)]
    clients[1].close()
    note("pymongo.synchronous.mongo_client.MongoClient", open=clients[0], ended=clients[1], idle=clients[2])


def kafka() -> None:
    import kafka

    where = {"bootstrap_servers": f"127.0.0.1:{serve(Pages)}", "api_version": (2, 6)}
    producers = [kafka.KafkaProducer(**where) for _ in range(2)]
    producers[1].close(0.1)
    note("kafka.producer.kafka.KafkaProducer", open=producers[0], ended=producers[1])
    consumers = [kafka.KafkaConsumer(**where) for _ in range(2)]
    consumers[1].close()
    note("kafka.consumer.group.KafkaConsumer", open=consumers[0], ended=consumers[1])


def pika() -> None:
    from pika import BlockingConnection, ConnectionParameters

    where = ConnectionParameters("127.0.0.1", serve(Amqp))
    connections = [BlockingConnection(where) for _ in range(2)]
    connections[1].close()
    note("pika.adapters.blocking_connection.BlockingConnection", open=connections[0], ended=connections[1])


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


async def httpx_asyncio(name: str = "httpx") -> None:
    library = importlib.import_module(name)
    address = f"http://127.0.0.1:{serve(Pages)}/"
    clients = [library.AsyncClient() for _ in range(3)]
    for client in clients[:2]:
        await client.get(address)
    await clients[1].aclose()
    note(f"{name}.AsyncClient", open=clients[0], ended=clients[1], idle=clients[2])


async def httpx2_asyncio() -> None:
    await httpx_asyncio("httpx2")


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
    serving = importlib.import_module("websockets.sync.server")
    servers = [serving.serve(print, "127.0.0.1", 0) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    await loop.run_in_executor(None, servers[1].shutdown)
    note("websockets.sync.server.Server", open=servers[0], ended=servers[1])


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
    asked = [redis.asyncio.Redis(port=serve(Redis), protocol=2) for _ in range(3)]
    for one in asked[:2]:
        await one.ping()
    await asked[1].aclose()
    note("redis.asyncio.client.Redis", open=asked[0], ended=asked[1:])
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


async def aiosqlite() -> None:
    import aiosqlite

    connections = [await aiosqlite.connect(":memory:") for _ in range(2)]
    await connections[1].close()
    note("aiosqlite.core.Connection", open=connections[0], ended=connections[1])


async def psycopg_asyncio() -> None:
    import psycopg

    words = f"host=127.0.0.1 port={serve(Postgres)} user=me dbname=d sslmode=disable gssencmode=disable"
    connections = [await psycopg.AsyncConnection.connect(words) for _ in range(2)]
    await connections[1].close()
    note("psycopg.AsyncConnection", open=connections[0], ended=connections[1])


async def pymongo_asyncio() -> None:
    import pymongo

    clients = [pymongo.AsyncMongoClient("127.0.0.1:9", serverSelectionTimeoutMS=1) for _ in range(3)]
    for client in clients[:2]:
        await client.aconnect()
    await clients[1].close()
    note("pymongo.asynchronous.mongo_client.AsyncMongoClient", open=clients[0], ended=clients[1], idle=clients[2])


async def aiokafka() -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    producers = [AIOKafkaProducer(bootstrap_servers="127.0.0.1:9") for _ in range(3)]
    producers[0].client._conns["node"] = Closable()  # as when it has found a broker
    await producers[1].stop()
    note("aiokafka.producer.producer.AIOKafkaProducer", open=producers[0], ended=producers[1], idle=producers[2])
    consumers = [AIOKafkaConsumer(bootstrap_servers="127.0.0.1:9") for _ in range(3)]
    consumers[0]._client._conns["node"] = Closable()
    await consumers[1].stop()
    note("aiokafka.consumer.consumer.AIOKafkaConsumer", open=consumers[0], ended=consumers[1], idle=consumers[2])


class Closable:
    """Stands for a connection."""

    def close(self, *words: Any) -> None:
        pass


PLAIN = (
    urllib3, requests, httpx, httpx2, sqlalchemy, redis, psycopg, psycopg_pool, botocore, apscheduler, watchdog, grpc,
    paramiko, zmq, starlette, pymongo, kafka, pika,
)  # fmt: skip
WITH_LOOP = (
    aiohttp, httpx_asyncio, httpx2_asyncio, websockets, redis_asyncio, aiosqlite, asyncpg, psycopg_asyncio,
    pymongo_asyncio, aiokafka,
)  # fmt: skip


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
