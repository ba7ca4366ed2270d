"""Programs to be watched: `python programs.py NAME [ROUNDS]` runs one and prints the seconds of processor that it took.

Each does one kind of work in rounds, for about two seconds unless told otherwise, and leaves nothing open. `echo` is an
asyncio server and its clients in one process, sending small messages over loopback: nearly all of it is tasks,
callbacks and futures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


class Packet:
    """A thing that travels between handlers: what object-heavy programs are made of."""

    __slots__ = ("hops", "next", "payload")

    def __init__(self, payload: int, following: Packet | None) -> None:
        self.payload, self.next, self.hops = payload, following, 0


class Handler:
    """Takes packets off one queue and puts them onto another."""

    def __init__(self, name: str) -> None:
        self.name, self.queue, self.seen = name, [], 0

    def handle(self, other: Handler) -> None:
        while self.queue:
            packet = self.queue.pop()
            packet.hops += 1
            self.seen += packet.payload & 7
            if packet.hops < 8:
                other.queue.append(packet)


def objects(rounds: int = 2200) -> None:
    """Many short-lived instances, method calls, lists."""
    for _ in range(rounds):
        one, two = Handler("one"), Handler("two")
        following = None
        for number in range(300):
            following = Packet(number, following)
            one.queue.append(following)
        while one.queue or two.queue:
            one.handle(two)
            two.handle(one)


def text(rounds: int = 900) -> None:
    """Parsing and writing JSON, splitting and joining words."""
    rows = [{"id": at, "name": f"user {at}", "tags": ["a", "b", str(at)], "score": at / 7} for at in range(400)]
    for _ in range(rounds):
        written = json.dumps(rows)
        read = json.loads(written)
        words = " ".join(row["name"] for row in read).split()
        "".join(sorted(words)).upper().count("USER")


def numbers(rounds: int = 220) -> None:
    """Loops over ints and floats: nothing that lives."""
    total = 0.0
    for outer in range(rounds):
        for inner in range(1, 60_000):
            total += (outer * inner % 97) / inner


def generators(rounds: int = 2200) -> None:
    """Pipelines of generators and comprehensions."""
    for _ in range(rounds):
        squares = (at * at for at in range(3000))
        odd = (at for at in squares if at % 2)
        pairs = [(at, str(at)) for at in odd if at % 3]
        dict(pairs)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while message := await reader.readexactly(64):
        writer.write(message)
        if message[:4] == b"last":
            break
    writer.close()


async def _ask(port: int, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for at in range(times):
        writer.write(b"last".ljust(64) if at == times - 1 else b"more".ljust(64))
        await reader.readexactly(64)
    writer.close()
    await writer.wait_closed()


async def _echo(rounds: int) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in range(rounds):
        await asyncio.gather(*[_ask(port, 350) for _ in range(10)])
    server.close()
    await server.wait_closed()


def echo(rounds: int = 6) -> None:
    """An asyncio echo server and ten clients at a time."""
    asyncio.run(_echo(rounds))


PROGRAMS = {one.__name__: one for one in (objects, text, numbers, generators, echo)}

if __name__ == "__main__":
    began = time.process_time()
    PROGRAMS[sys.argv[1]](*map(int, sys.argv[2:]))
    print(time.process_time() - began)
