"""The server: greets lines, keeps sessions, offers services to all of them, and ends what nobody comes back for."""

from __future__ import annotations

import asyncio
import functools
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

from specimens.rpc.background import Background
from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed
from specimens.rpc.peer import REQUEST_TIMEOUT_S, VERSION
from specimens.rpc.services import Services
from specimens.rpc.session import Session

SESSION_TIMEOUT_S = 30.0
SWEEP_S = 5.0


class Server:
    """Knows no sockets: lines come through `accept` (see `websocket.listening` and `loopback.dial`)."""

    def __init__(
        self,
        *,
        key: str = "",
        session_timeout: float = SESSION_TIMEOUT_S,
        sweep_every: float = SWEEP_S,
        request_timeout: float = REQUEST_TIMEOUT_S,
        version: int = VERSION,
    ) -> None:
        self.services = Services()
        self.background = Background()
        self._key = key
        self._session_timeout = session_timeout
        self._sweep_every = sweep_every
        self._request_timeout = request_timeout
        self._version = version
        self._sessions: dict[str, Session] = {}
        self._greeting: dict[Connection, asyncio.TimerHandle] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._on_session: list[Callable[[Session], None]] = []

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._sessions.values())

    def on_session(self, handler: Callable[[Session], None]) -> None:
        """Hear of each new client."""
        self._on_session.append(handler)

    def named(self, name: str) -> Iterator[Session]:
        """The sessions of clients with that name."""
        return (session for session in self.sessions if session.name == name)

    def publish(self, topic: str, *values: Any) -> None:
        """Tell every subscriber who is there now."""
        for session in self.sessions:
            session.publish(topic, values)

    def accept(self, connection: Connection) -> None:
        """Wait for a line's greeting, but not for ever."""
        if self._sweeper is None:
            self._sweeper = self.background.spawn(self._sweep_loop(), "rpc session sweeper")
        late = asyncio.get_running_loop().call_later(self._request_timeout, self._hang_up, connection)
        self._greeting[connection] = late
        connection.attach(functools.partial(self._greeted, connection), functools.partial(self._gone, connection))

    async def close(self) -> None:
        """Say goodbye to everyone and end."""
        await self.background.close()
        for connection in tuple(self._greeting):
            self._forget(connection)
            await connection.close()
        # One after the other is slow for thousands; together they would need a limit of their own.
        for session in self.sessions:
            await session.close()
        self.services.clear()
        self._on_session.clear()
        self._sweeper = None

    def _greeted(self, connection: Connection, text: str) -> None:
        """The first text of a line must be a hello; everything after it belongs to the session."""
        self._forget(connection)
        hello = _read_hello(text)
        if hello is None or not hmac.compare_digest(str(hello.get("key", "")).encode(), self._key.encode()):
            self.background.spawn(_refuse(connection, hello), "rpc refusal")
            return
        known = self._sessions.get(str(hello.get("token", "")))
        if known is not None and not known.is_closed:
            self.background.spawn(self._resume(known, connection, hello["id"]), "rpc resumption")
            return
        self._begin(connection, hello)

    def _begin(self, connection: Connection, hello: dict[str, Any]) -> None:
        session = Session(str(hello.get("name", "")), self.services, self._session_ended, self._request_timeout)
        self._sessions[session.token] = session
        session.attach(connection)
        session.welcome(hello["id"], self._version)
        for handler in self._on_session:
            handler(session)

    async def _resume(self, session: Session, connection: Connection, number: int) -> None:
        await session.resume(connection)
        session.welcome(number, self._version)

    def _session_ended(self, session: Session) -> None:
        self._sessions.pop(session.token, None)

    def _forget(self, connection: Connection) -> None:
        self._greeting.pop(connection).cancel()
        connection.detach()

    def _gone(self, connection: Connection) -> None:
        if connection in self._greeting:
            self._forget(connection)

    def _hang_up(self, connection: Connection) -> None:
        self._forget(connection)
        self.background.spawn(connection.close(), "rpc hang up")

    async def _sweep_loop(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            await self.sweep()

    async def sweep(self) -> int:
        """End the sessions whose clients have been away too long; how many they were."""
        now = asyncio.get_running_loop().time()
        overdue = [session for session in self.sessions if session.is_overdue(now, self._session_timeout)]
        for session in overdue:
            await session.close()
        for session in self.sessions:
            session.sweep()
        return len(overdue)


def _read_hello(text: str) -> dict[str, Any] | None:
    try:
        hello = json.loads(text)
    except ValueError:
        return None
    is_hello = isinstance(hello, dict) and hello.get("t") == "hello" and isinstance(hello.get("id"), int)
    return hello if is_hello else None


async def _refuse(connection: Connection, hello: dict[str, Any] | None) -> None:
    if hello is not None:
        reply = {"t": "error", "id": hello["id"], "type": "Refused", "text": "the key is wrong"}
        try:
            await connection.send(json.dumps(reply))
        except PeerClosed:
            pass
    await connection.close()
