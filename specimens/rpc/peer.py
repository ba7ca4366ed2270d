"""One side of the system: makes calls, answers calls, lends objects and gives them back. Client and session are peers.

Theory of operation: a message is a JSON object whose "t" is one of the keys of `HANDLERS`. `call` is answered by
`result` or `error` with its "id"; `release` gives back what was lent; `event` tells; `bye` ends; `chunk` is a piece of
a message too long for one frame. Each incoming call is a task of `background`.

A peer has no reference cycles of its own except through tasks that run, what its users gave it (handlers, services,
lent objects), and the line it is attached to. `close()` ends or forgets exactly these, in the order in which they
depend on each other, so that a closed peer is gone as soon as its user lets go of it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from specimens.rpc import chunks
from specimens.rpc.background import Background
from specimens.rpc.calls import Calls
from specimens.rpc.chunks import ChunkStore
from specimens.rpc.codecs import TAG, Codecs
from specimens.rpc.connection import Connection
from specimens.rpc.errors import PeerClosed, RequestTimeout, from_wire
from specimens.rpc.events import Emitter
from specimens.rpc.objects import MARK, Lent, ObjectStore
from specimens.rpc.remote import GiveBack, RemoteFunction, RemoteObject, RemoteService
from specimens.rpc.services import Services, note_of

logger = logging.getLogger(__name__)

VERSION = 1
"""Of the language that two peers speak; the greeting says it."""

REQUEST_TIMEOUT_S = 10.0
PARTIAL_AGE_S = 60.0


class Peer:
    """What client and server session have in common."""

    def __init__(
        self, name: str, *, request_timeout: float = REQUEST_TIMEOUT_S, offers: Services | None = None
    ) -> None:
        self.name = name
        self.request_timeout = request_timeout
        self.background = Background()
        self.events = self._make_emitter()
        self.services = Services(parent=offers)
        self.services.add("peer", {"ping": self._ping, "services": self._names, "describe": self._describe})
        self.objects = self._make_object_store()
        self.codecs = Codecs()
        self.calls = Calls()
        self._chunks = ChunkStore()
        self._proxies: dict[int, weakref.ref[RemoteFunction]] = {}
        self._connection: Connection | None = None
        self._closing = False
        self._ended = asyncio.Event()

    def _make_emitter(self) -> Emitter:
        return Emitter(self.background)

    def _make_object_store(self) -> ObjectStore:
        return ObjectStore()

    # --- what users call

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        """Hear of "connected", "lost", "closed", or of a topic."""
        self.events.on(event, handler)

    def service(self, name: str) -> RemoteService:
        """The other side's service of that name; whether it has one shows at the first call."""
        return RemoteService(self, name)

    async def call(self, service: str, method: str, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call a method of the other side's service. Raises what it raises, as `RemoteError`, or `RequestTimeout`."""
        return await self._request({"t": "call", "service": service, "method": method}, args, kwargs, timeout)

    async def call_lent(
        self, number: int, method: str | None, args: Sequence[Any], kwargs: Mapping[str, Any], timeout: float | None
    ) -> Any:
        """Call a function that the other side lent us, or a method of an object."""
        return await self._request({"t": "call", "target": number, "method": method}, args, kwargs, timeout)

    async def tell(self, topic: str, *values: Any) -> None:
        """An event for the other side's handlers; nobody answers."""
        await self._send({"t": "event", "name": topic, "values": self.codecs.encode(values, self._lend)})

    @property
    def is_closed(self) -> bool:
        return self._closing

    async def close(self) -> None:
        """End everything that this peer has begun. A second call waits for the first."""
        if self._closing:
            await self._ended.wait()
            return
        self._closing = True
        try:
            await self._say_bye()
            self.events.emit("closed")
            await self._stop_tasks()
            await self._drop_connection()
        finally:
            self._fail_calls()
            self._forget_stores()
            self._forget_services()
            self._forget_handlers()
            self._ended.set()

    # --- the steps of close

    async def _say_bye(self) -> None:
        try:
            await self._send({"t": "bye"})
        except PeerClosed:
            pass  # the line went first; the other side knows by that

    async def _stop_tasks(self) -> None:
        await self.background.close()

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._detach(connection)
            await connection.close()

    def _detach(self, connection: Connection) -> None:
        connection.detach()

    def _fail_calls(self) -> None:
        self.calls.fail_all(PeerClosed, f"{self.name} is closed")

    def _forget_stores(self) -> None:
        self.objects.clear()
        self._proxies.clear()
        self._chunks.clear()
        self.codecs.clear()

    def _forget_services(self) -> None:
        self.services.clear()

    def _forget_handlers(self) -> None:
        self.events.clear()

    # --- the line

    def attach(self, connection: Connection) -> None:
        """Speak over this line from now on, and hear no other."""
        if self._connection is not None:
            self._detach(self._connection)
        self._connection = connection
        connection.attach(self._received, self._line_down)

    def _line_down(self) -> None:
        """Requests on that line will have no answer."""
        self.calls.fail_all(PeerClosed, "the line went down")

    @property
    def has_line(self) -> bool:
        """Whether something sent now could arrive."""
        return self._connection is not None and self._connection.is_open

    async def _send(self, message: dict[str, Any]) -> None:
        if self._connection is None:
            raise PeerClosed(f"{self.name} has no line")
        text = json.dumps(message)
        if len(text) <= chunks.PIECE:
            await self._connection.send(text)
            return
        for piece in chunks.split(text, next(self._chunks.numbers)):
            if self._connection is None:
                raise PeerClosed("the line went down")
            await self._connection.send(json.dumps(piece))

    async def _request(
        self, message: dict[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any], seconds: float | None
    ) -> Any:
        if self._closing:
            raise PeerClosed(f"{self.name} is closed")
        message["args"] = self.codecs.encode(args, self._lend)
        message["kwargs"] = self.codecs.encode(kwargs, self._lend)
        return await self._ask(message, self.request_timeout if seconds is None else seconds)

    async def _ask(self, message: dict[str, Any], seconds: float) -> Any:
        number = self.calls.start()
        try:
            await self._send({**message, "id": number})
        except BaseException:
            self.calls.forget(number)
            raise
        return await self.calls.answer(number, seconds)

    # --- what comes in

    def _received(self, text: str) -> None:
        try:
            message = json.loads(text)
            handler = self.HANDLERS[message["t"]]
            handler(self, message)
        except (KeyError, TypeError, ValueError, LookupError) as error:
            logger.warning("%s: a message that makes no sense: %s", self.name, repr(error))

    def _on_chunk(self, message: dict[str, Any]) -> None:
        whole = self._chunks.add(message, asyncio.get_running_loop().time())
        if whole is not None:
            self._received(whole)

    def _on_call(self, message: dict[str, Any]) -> None:
        if not self._closing:
            self.background.spawn(self._answer(message), f"rpc answer {message['id']}")

    def _on_result(self, message: dict[str, Any]) -> None:
        self.calls.finish(message["id"], self.codecs.decode(message["value"], self._borrow))

    def _on_error(self, message: dict[str, Any]) -> None:
        self.calls.fail(message["id"], from_wire(message["type"], message["text"]))

    def _on_release(self, message: dict[str, Any]) -> None:
        self.objects.take_back(message["target"], message["times"])

    def _on_event(self, message: dict[str, Any]) -> None:
        if not self._closing:
            self.events.emit(message["name"], *self.codecs.decode(message["values"], self._borrow))

    def _on_bye(self, message: dict[str, Any]) -> None:
        """The other side ends on purpose, so this side ends too."""
        if not self._closing:
            self.background.spawn(self.close(), "rpc close")

    HANDLERS: Mapping[str, Callable[[Peer, dict[str, Any]], None]] = {
        "chunk": _on_chunk,
        "call": _on_call,
        "result": _on_result,
        "error": _on_error,
        "release": _on_release,
        "event": _on_event,
        "bye": _on_bye,
    }

    # --- answering

    async def _answer(self, message: dict[str, Any]) -> None:
        number = message["id"]
        try:
            value = self.codecs.encode(await self._run(message), self._lend)
            reply = {"t": "result", "id": number, "value": value}
        except Exception as error:
            reply = {"t": "error", "id": number, "type": type(error).__name__, "text": str(error)}
        try:
            await self._send(reply)
        except PeerClosed:
            pass  # who asked has gone

    async def _run(self, message: dict[str, Any]) -> Any:
        function = self._find(message)
        args = self.codecs.decode(message["args"], self._borrow)
        kwargs = self.codecs.decode(message["kwargs"], self._borrow)
        result = function(*args, **kwargs)
        if not inspect.isawaitable(result):
            return result
        limit = note_of(function).seconds
        return await (self._limited(result, limit) if limit else result)

    def _find(self, message: dict[str, Any]) -> Callable[..., Any]:
        method = message["method"]
        if "service" in message:
            return self.services.find(message["service"], method)
        lent = self.objects.find(message["target"])
        if method is None:
            return cast(Callable[..., Any], lent)
        if method.startswith("_") or not getattr(lent, MARK, False):
            raise LookupError(f"{type(lent).__name__} offers no method {method!r}")
        return cast(Callable[..., Any], getattr(lent, method))

    async def _limited(self, awaitable: Any, seconds: float) -> Any:
        """Its result, or `RequestTimeout` and its cancellation."""
        work = asyncio.ensure_future(awaitable)
        try:
            await asyncio.wait({work}, timeout=seconds)
            if work.done():
                return work.result()
            raise RequestTimeout(f"the method took longer than {seconds:g} s")
        finally:
            work.cancel()
            del work

    # --- lending and borrowing

    def _lend(self, value: Any) -> dict[str, Any]:
        """How a function or object travels."""
        seconds = None
        if isinstance(value, Lent):
            value, seconds = value.value, value.seconds
        if isinstance(value, RemoteFunction):
            return {TAG: "yours", "target": value._number}
        is_object = getattr(value, MARK, False)
        if not is_object and not callable(value):
            raise TypeError(f"{type(value).__name__} cannot travel: register a codec, or mark it @by_reference")
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        return {TAG: "object" if is_object else "function", "target": self.objects.lend(value, until)}

    def _borrow(self, tagged: dict[str, Any]) -> Any:
        """What a travelled function or object is here."""
        if tagged[TAG] == "yours":
            return self.objects.find(tagged["target"])
        return self._proxy(RemoteObject if tagged[TAG] == "object" else RemoteFunction, tagged["target"])

    def _proxy(self, kind: type[RemoteFunction], number: int) -> RemoteFunction:
        """One proxy for each number; it counts how often the number came, for all of them are given back at once."""
        known = self._proxies.get(number)
        proxy = known() if known is not None else None
        if proxy is None:
            proxy = kind(self, number)
        proxy.received += 1
        self._proxies[number] = weakref.ref(proxy, GiveBack(self, number, proxy.received))
        return proxy

    def _give_back(self, number: int, times: int) -> None:
        if not self._closing and self.has_line:
            self._proxies.pop(number, None)
            self.background.spawn(self._release(number, times), "rpc release")

    async def _release(self, number: int, times: int) -> None:
        try:
            await self._send({"t": "release", "target": number, "times": times})
        except PeerClosed:
            pass  # a session that ends gives everything back

    def _sweep(self) -> None:
        """Let go of what is overdue: loans for a time, and messages whose rest never came."""
        now = asyncio.get_running_loop().time()
        self.objects.sweep(now)
        self._chunks.sweep(now - PARTIAL_AGE_S)

    # --- the service "peer", which every side offers

    def _ping(self) -> str:
        return "pong"

    def _names(self) -> list[str]:
        return self.services.names()

    def _describe(self, service: str) -> dict[str, dict[str, Any]]:
        return self.services.describe(service)
