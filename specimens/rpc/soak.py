"""Connects and disconnects, many times, and counts what stays.

It says what is true of a fault, without any leak finder.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from specimens.rpc import loopback
from specimens.rpc.census import Census, Register, count_fds, count_tasks
from specimens.rpc.client import Client, Dial, open_line
from specimens.rpc.connection import Connection
from specimens.rpc.errors import Refused
from specimens.rpc.faults import client_class
from specimens.rpc.household import Visitor, furnish
from specimens.rpc.peer import VERSION
from specimens.rpc.server import Server

KEY = "open sesame"
TOPICS = ("news",)
PATIENT_TURNS = 250
STANDS_STILL_S = 60.0


@dataclass(frozen=True)
class Plan:
    """What to soak. `url`: a server elsewhere; without it one is made here, on websockets or `in_memory`.

    `race`: close in the very turn of the loop in which the answer to the subscription comes. `old_server`: it speaks
    another version, so that every greeting fails. `log_capture`: keep log records the way pytest does. `ask`: send this
    process SIGUSR2 right after the last close, at which `outlive run` looks, and stand still until the look is in this
    folder, which is that of its `--output`. Not `census`: leave the collector alone and count nothing.
    """

    cycles: int = 100
    faults: tuple[str, ...] = ()
    url: str = ""
    in_memory: bool = False
    race: bool = False
    old_server: bool = False
    log_capture: bool = False
    ask: str = ""
    census: bool = True


async def soak(plan: Plan) -> Census:
    """Do it, and count."""
    clients, sessions = Register(), Register()
    async with _place(plan, sessions) as (where, server):
        await _cycle(plan, where, server, Register())  # the first connection imports and opens what then stays
        await _let_server_end(server)
        fds, tasks, at_once, begun = count_fds(), count_tasks(), 0, time.monotonic()
        for _ in range(plan.cycles):
            await _cycle(plan, where, server, clients)
            # No turn of the loop is between the end of close() and this.
            at_once += clients.has_newest
        if plan.ask:
            _be_looked_at(Path(plan.ask))
        seconds = time.monotonic() - begun
        await _let_server_end(server)
        turned, collected = await clients.settled() if plan.census else (0, 0)
        tasks, fds = count_tasks() - tasks, count_fds() - fds
        return Census(plan.cycles, at_once, turned, collected, len(sessions), tasks, fds, seconds)


def _be_looked_at(folder: Path) -> None:
    """Ask for a look. Who looks does so from a thread of its own, and this very callback is what it shall see."""
    os.kill(os.getpid(), signal.SIGUSR2)
    deadline = time.monotonic() + STANDS_STILL_S
    # The look itself is written after its snapshot.
    while not any(one.with_suffix(".json").exists() for one in folder.glob("look-*.outlive")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody looked within {STANDS_STILL_S:.0f} s: is {folder} the --output of outlive run?")
        time.sleep(0.005)


async def _let_server_end(server: Server | None) -> None:
    """Clients have closed; the server's sessions take a few turns more, unless a fault keeps them."""
    for _ in range(PATIENT_TURNS):  # turns and not seconds: a machine with other work to do gives few turns a second
        if server is None or not server.sessions:
            break
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def _place(plan: Plan, sessions: Register) -> AsyncIterator[tuple[str | Dial, Server | None]]:
    """Where clients connect to."""
    if plan.url:
        yield plan.url, None
        return
    server = Server(key=KEY, version=VERSION - 1 if plan.old_server else VERSION)
    server.on_session(sessions.note)
    furnish(server)
    if plan.in_memory:
        yield loopback.dial(server), server
        await server.close()
        return
    from specimens.rpc.websocket import listening

    async with listening(server) as url:
        yield url, server


async def _cycle(plan: Plan, where: str | Dial, server: Server | None, clients: Register) -> None:
    """One client's life."""
    if plan.race:
        await _race(plan, where, clients)
        return
    client = client_class(plan.faults)(where, key=KEY, topics=TOPICS, request_timeout=5)
    clients.note(client)
    try:
        async with client:
            await _visit(client, server)
    except Refused:
        if not plan.old_server:
            raise


async def _visit(client: Client, server: Server | None) -> None:
    subscribed = asyncio.Event()
    client.on("connected", subscribed.set)
    await subscribed.wait()
    # A server elsewhere has news of its own, or none, so its client tells itself.
    tell = functools.partial(server.publish if server else client.events.emit, "news")
    await Visitor(client).live(tell)


async def _race(plan: Plan, where: str | Dial, clients: Register) -> None:
    """Connect, and close when the answer to the subscription has just come, before its task runs."""
    answered = asyncio.Event()

    async def tapped() -> Connection:
        connection = await (open_line(where) if isinstance(where, str) else where())
        connection.before_delivery = _Tap(answered)
        return connection

    client = client_class(plan.faults)(tapped, key=KEY, topics=TOPICS)
    clients.note(client)
    await client.connect()
    await answered.wait()
    await client.close()


class _Tap:
    """Sets an event at the second answer on a line: the first is the welcome, the second the subscription's."""

    def __init__(self, answered: asyncio.Event) -> None:
        self._answered = answered
        self._count = 0

    def __call__(self, text: str) -> None:
        if json.loads(text)["t"] == "result":
            self._count += 1
            if self._count == 2:
                self._answered.set()


def keep_log_records() -> logging.Handler:
    """Keep all records from now on, with pytest's own handler where there is one."""
    try:
        from _pytest.logging import LogCaptureHandler
    except ImportError:
        from logging.handlers import MemoryHandler

        handler: logging.Handler = MemoryHandler(1_000_000, flushLevel=logging.CRITICAL + 1)
    else:
        handler = LogCaptureHandler()
    logging.getLogger().addHandler(handler)
    return handler


def run(plan: Plan) -> Census:
    """`soak` in a loop of its own. Raises `RpcError` or `OSError` when the server cannot be used."""
    handler = keep_log_records() if plan.log_capture else None
    try:
        return asyncio.run(soak(plan))
    finally:
        if handler is not None:
            logging.getLogger().removeHandler(handler)
