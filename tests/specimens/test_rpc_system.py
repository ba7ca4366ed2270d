"""The RPC specimen as software: what peers can do together, and how it ends. Without sockets, so always the same."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from specimens.rpc import (
    Client,
    Lent,
    PeerClosed,
    Refused,
    RemoteError,
    RequestTimeout,
    Server,
    by_reference,
    exposed,
)
from specimens.rpc.loopback import dial, pair

Test = Callable[[], Awaitable[None]]


def in_loop(test: Test) -> Callable[[], None]:
    """The coroutine function as a plain test, in a loop of its own."""

    @functools.wraps(test)
    def run() -> None:
        asyncio.run(test())

    del run.__wrapped__  # pytest would take it for a coroutine function
    return run


async def until(condition: Callable[[], Any]) -> None:
    """Let the loop turn until it holds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


@by_reference
class Cart:
    def __init__(self) -> None:
        self.items: list[str] = []

    def add(self, item: str) -> int:
        self.items.append(item)
        return len(self.items)


@dataclass
class Point:
    x: int
    y: int


class Shop:
    def __init__(self) -> None:
        self.kept: Any = None

    def add(self, a: int, b: int) -> int:
        return a + b

    def fail(self) -> None:
        raise ValueError("sold out")

    def echo(self, value: Any) -> Any:
        return value

    def cart(self) -> Cart:
        return Cart()

    def keep(self, function: Any) -> None:
        self.kept = function

    async def each(self, items: list[int], function: Any) -> list[int]:
        return [await function(item) for item in items]

    async def never(self) -> None:
        await asyncio.Event().wait()

    @exposed(seconds=0.01, about="too slow")
    async def slow(self) -> None:
        await asyncio.Event().wait()


class Double:
    def twice(self, number: int) -> int:
        return 2 * number


@asynccontextmanager
async def meeting(**options: Any) -> AsyncIterator[tuple[Server, Client, Shop]]:
    """A server with a shop, and a client of it."""
    server, shop = Server(), Shop()
    server.services.add("shop", shop)
    async with Client(dial(server), name="ann", **options) as client:
        yield server, client, shop
    await server.close()


@in_loop
async def test_client_calls_the_server() -> None:
    async with meeting() as (_, client, _shop):
        assert await client.service("shop").add(2, b=3) == 5


@in_loop
async def test_server_calls_the_client() -> None:
    async with meeting() as (server, client, _shop):
        client.services.add("double", Double())
        (session,) = server.named("ann")
        assert await session.service("double").twice(4) == 8


@in_loop
async def test_callback_is_called_back_and_given_back() -> None:
    async with meeting() as (_, client, _shop):
        assert await client.service("shop").each([1, 2], Double().twice) == [2, 4]
        await until(lambda: len(client.objects) == 0)


@in_loop
async def test_callback_lives_as_long_as_the_other_side_keeps_it() -> None:
    async with meeting() as (_, client, shop):
        await client.service("shop").keep(Double().twice)
        assert len(client.objects) == 1
        assert await shop.kept(5) == 10
        shop.kept = None
        await until(lambda: len(client.objects) == 0)


@in_loop
async def test_function_that_comes_home_is_the_function_itself() -> None:
    async with meeting() as (_, client, _shop):
        function = Double().twice
        assert await client.service("shop").echo(function) == function


@in_loop
async def test_loan_for_a_time_ends_with_its_time() -> None:
    async with meeting() as (_, client, shop):
        await client.service("shop").keep(Lent(Double().twice, 0.0))
        client._sweep()
        with pytest.raises(RemoteError, match="not lent"):
            await shop.kept(5)


@in_loop
async def test_object_stays_where_it_was_made() -> None:
    async with meeting() as (server, client, _shop):
        cart = await client.service("shop").cart()
        assert [await cart.add("tea"), await cart.add("milk")] == [1, 2]
        (session,) = server.sessions
        assert len(session.objects) == 1
        del cart
        await until(lambda: len(session.objects) == 0)


@in_loop
async def test_only_public_methods_of_lent_objects_can_be_called() -> None:
    async with meeting() as (_, client, _shop):
        cart = await client.service("shop").cart()
        with pytest.raises(RemoteError, match="offers no method"):
            await client.call_lent(cart._number, "__init__", (), {}, None)


@in_loop
async def test_long_texts_travel_in_pieces() -> None:
    async with meeting() as (_, client, _shop):
        text = "é" * 300_000
        assert await client.service("shop").echo(text) == text
        assert len(client._chunks) == 0


@in_loop
async def test_pieces_whose_rest_never_comes_are_dropped() -> None:
    async with meeting() as (_, client, _shop):
        client._received('{"t": "chunk", "id": 1, "index": 0, "of": 2, "text": "{"}')
        assert client._chunks.sweep(before=asyncio.get_running_loop().time() + 1) == 1


@in_loop
async def test_bytes_tuples_and_dicts_with_the_tag_travel() -> None:
    async with meeting() as (_, client, _shop):
        echo = client.service("shop").echo
        assert await echo({"$": [b"\x00", (1, 2)]}) == {"$": [b"\x00", [1, 2]]}


@in_loop
async def test_registered_type_travels_and_an_unknown_one_is_explained() -> None:
    async with meeting() as (server, client, _shop):
        with pytest.raises(TypeError, match="Point cannot travel"):
            await client.service("shop").echo(Point(1, 2))
        for peer in (client, *server.sessions):
            peer.codecs.register(Point, "point", lambda point: [point.x, point.y], lambda pair: Point(*pair))
        assert await client.service("shop").echo(Point(1, 2)) == Point(1, 2)


@in_loop
async def test_error_of_the_other_side_is_raised_here() -> None:
    async with meeting() as (_, client, _shop):
        with pytest.raises(RemoteError, match="ValueError: sold out"):
            await client.service("shop").fail()
        with pytest.raises(RemoteError, match="it has add"):
            await client.service("shop").nothing()


@in_loop
async def test_call_without_an_answer_times_out_and_is_forgotten() -> None:
    async with meeting() as (_, client, _shop):
        with pytest.raises(RequestTimeout):
            await client.service("shop").never(timeout=0.01)
        assert len(client.calls) == 0


@in_loop
async def test_method_is_stopped_at_the_limit_of_its_annotation() -> None:
    async with meeting() as (_, client, _shop):
        with pytest.raises(RequestTimeout, match=r"0\.01 s"):
            await client.service("shop").slow()
        described = await client.service("peer").describe("shop")
        assert described["slow"] == {"signature": "() -> 'None'", "seconds": 0.01, "about": "too slow"}


@in_loop
async def test_lost_line_is_dialled_again_and_the_session_goes_on() -> None:
    heard: list[str] = []
    async with meeting(topics=("news",)) as (server, client, shop):
        client.on("news", heard.append)
        client.on("connected", lambda: heard.append("connected"))
        await client.service("shop").keep(Double().twice)
        (session,) = server.sessions
        assert session._connection is not None
        await session._connection.close()
        await until(lambda: heard.count("connected") == 2)
        assert server.sessions == (session,)
        server.publish("news", "hello")
        await until(lambda: "hello" in heard)
        assert await shop.kept(3) == 6


@in_loop
async def test_client_dials_until_somebody_answers() -> None:
    server, dialled = Server(), 0
    there = dial(server)

    async def mostly_nobody() -> Any:
        nonlocal dialled
        dialled += 1
        if dialled in (2, 3):
            raise ConnectionRefusedError("nobody listens")
        return await there()

    again = asyncio.Event()
    async with Client(mostly_nobody) as client:
        assert client._connection is not None
        await client._connection.close()
        client.on("connected", lambda: again.set() if dialled == 4 else None)
        await again.wait()
        assert await client.service("peer").ping() == "pong"
    await server.close()


@in_loop
async def test_websocket_that_breaks_is_opened_anew() -> None:
    websocket = pytest.importorskip("specimens.rpc.websocket")
    server, again = Server(), asyncio.Event()
    async with websocket.listening(server) as url, Client(url) as client:
        (session,) = server.sessions
        assert isinstance(session._connection, websocket.WebSocketConnection)
        client.on("lost", lambda: client.on("connected", again.set))
        session._connection._socket.transport.abort()
        await again.wait()
        assert server.sessions == (session,)
        assert await session.service("peer").ping() == "pong"


@in_loop
async def test_call_on_a_line_that_goes_down_fails() -> None:
    async with meeting() as (server, client, _shop):
        call = asyncio.ensure_future(client.service("shop").never())
        (session,) = server.sessions
        await until(lambda: len(session.background) > 0 and len(client.calls) > 0)
        assert session._connection is not None
        await session._connection.close()
        with pytest.raises(PeerClosed):
            await call


@in_loop
async def test_server_ends_sessions_that_nobody_comes_back_for() -> None:
    server = Server(session_timeout=0.0)
    line, other_end = pair()
    server.accept(other_end)
    line.attach(lambda text: None, lambda: None)
    await line.send('{"t": "hello", "id": 1, "name": "bob", "key": "", "token": ""}')
    await until(lambda: server.sessions)
    assert await server.sweep() == 0  # it is still there
    await line.close()
    await until(lambda: server.sessions[0].lost_at is not None)
    assert await server.sweep() == 1
    assert server.sessions == ()
    await server.close()


@in_loop
async def test_line_that_never_greets_is_hung_up() -> None:
    server = Server(request_timeout=0.01)
    line, other_end = pair()
    ended = asyncio.Event()
    line.attach(lambda text: None, ended.set)
    server.accept(other_end)
    await asyncio.wait_for(ended.wait(), 5)
    await server.close()


@in_loop
async def test_client_closes_when_the_server_does() -> None:
    async with meeting() as (server, client, _shop):
        closed = asyncio.Event()
        client.on("closed", closed.set)
        await server.close()
        await closed.wait()
        await client.close()
        assert client.is_closed
        with pytest.raises(PeerClosed):
            await client.service("shop").add(1, 1)


@in_loop
async def test_close_ends_calls_under_way_and_the_session() -> None:
    async with meeting() as (server, client, _shop):
        call = asyncio.ensure_future(client.service("shop").never())
        await until(lambda: len(client.calls) > 0)
        await asyncio.gather(client.close(), client.close())
        with pytest.raises(PeerClosed):
            await call
        await until(lambda: server.sessions == ())


@in_loop
async def test_refused_client_is_closed_and_says_why() -> None:
    server = Server(key="sesame")
    client = Client(dial(server), key="barley")
    with pytest.raises(Refused, match="key is wrong"):
        await client.connect()
    assert client.is_closed
    assert server.sessions == ()
    await server.close()


@in_loop
async def test_closed_client_starts_no_task() -> None:
    async with meeting() as (_, client, _shop):
        await client.close()
        with pytest.raises(PeerClosed):
            client.background.spawn(asyncio.sleep(1), "too late")


@in_loop
async def test_handler_that_fails_does_not_keep_others_from_hearing() -> None:
    heard: list[str] = []
    async with meeting() as (_, client, _shop):
        client.on("news", lambda text: [][0])
        client.on("news", heard.append)
        client.events.emit("news", "hello")
        assert heard == ["hello"]


@in_loop
async def test_message_that_makes_no_sense_is_logged_and_dropped() -> None:
    async with meeting() as (_, client, _shop):
        for text in ("", "[]", '{"t": "nonsense"}', '{"t": "result"}'):
            client._received(text)
        assert await client.service("peer").ping() == "pong"


@in_loop
async def test_host_has_its_exception_handler_again_after_the_last_client() -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
    hosts = loop.get_exception_handler()
    server = Server()
    first, second = Client(dial(server)), Client(dial(server))
    await first.connect()
    await second.connect()
    await first.close()
    loop.call_exception_handler({"message": "for the host"})
    loop.call_exception_handler({"message": "a reset", "exception": ConnectionResetError()})
    await second.close()
    assert loop.get_exception_handler() is hosts
    assert told == ["for the host"]
    await server.close()


def test_error_of_a_background_task_is_logged_without_the_exception(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    async def main() -> None:
        async with meeting() as (_, client, _shop):
            task = client.background.spawn(fail(), "rpc test")
            await asyncio.wait({task})

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    (record,) = caplog.records
    assert "rpc test failed: ValueError('broken')" in record.getMessage()
    assert not any(isinstance(argument, BaseException) for argument in record.args or ())
