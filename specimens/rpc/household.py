"""Services to try things with: what `serve` offers, and what each client of a soak does in its short life."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from specimens.rpc.client import Client
from specimens.rpc.objects import by_reference
from specimens.rpc.server import Server
from specimens.rpc.services import exposed

A_LONG_WHILE_S = 3600.0
LONG_TEXT = "x" * 150_000


class Calculator:
    """Arithmetic, and the calling of callbacks."""

    @exposed(about="the sum")
    def add(self, a: float, b: float) -> float:
        return a + b

    @exposed(seconds=5, about="the function's result for each item")
    async def each(self, items: list[Any], function: Callable[[Any], Awaitable[Any]]) -> list[Any]:
        return [await function(item) for item in items]

    @exposed(about="how many characters")
    def length(self, text: str) -> int:
        return len(text)


@by_reference
class Counter:
    """Counts on the side where it was made."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, number: int = 1) -> int:
        self.count += number
        return self.count


class Workshop:
    """Makes counters, and does work that takes long."""

    def counter(self) -> Counter:
        return Counter()

    @exposed(about="calls back at once, and then only after a long while")
    async def watch(self, progress: Callable[[str], Awaitable[Any]]) -> None:
        await progress("begun")
        await asyncio.sleep(A_LONG_WHILE_S)
        await progress("done")


def furnish(server: Server) -> None:
    """Offer all of it."""
    server.services.add("calculator", Calculator())
    server.services.add("workshop", Workshop())


class Visitor:
    """The user of one client: offers a service, hears of news, lends a callback, and knows its client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.begun = asyncio.Event()
        self.heard = asyncio.Event()
        client.services.add("visitor", {"double": self.double})
        client.on("news", self.on_news)

    def double(self, number: float) -> float:
        return 2 * number

    def progress(self, word: str) -> None:
        if word == "begun":
            self.begun.set()

    async def on_news(self, text: str) -> None:
        """Thinks about it for long; a closed client's user should be spared."""
        self.heard.set()
        await asyncio.sleep(A_LONG_WHILE_S)

    async def live(self, tell: Callable[[str], Any]) -> None:
        """Everything that a client can do, and then wait in the middle of a call and of an event.

        `tell` has the news sent to this client.
        """
        calculator = self.client.service("calculator")
        assert await calculator.add(2, 3) == 5
        assert await calculator.each([1, 2], self.double) == [2, 4]
        assert await calculator.length(LONG_TEXT) == len(LONG_TEXT)
        counter = await self.client.service("workshop").counter()
        assert await counter.add(2) == 2
        watching = self.client.service("workshop").watch(self.progress)
        self.client.background.spawn(_await(watching), "visitor watches")
        await self.begun.wait()
        tell("it is late")
        await self.heard.wait()


async def _await(awaitable: Awaitable[Any]) -> None:
    await awaitable
