"""Small programs that do what programs do: text, objects, numbers, strings, messages. A call is one round of work."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable


def json_text() -> object:
    """Records out to text and back, with the pure-Python encoder's work on some of them."""
    records = [{"id": n, "name": f"user {n}", "tags": ["a", "b", str(n)], "score": n / 7} for n in range(700)]
    text = json.dumps(records)
    back = json.loads(text)
    by_name = {record["name"].upper(): record for record in back}
    lines = [f"{name}\t{record['score']:.3f}\t{','.join(record['tags'])}" for name, record in by_name.items()]
    return sorted(line.split("\t") for line in lines), json.dumps(back, indent=1)


class Packet:
    """A piece of work on its way between tasks."""

    def __init__(self, kind: int, amount: int) -> None:
        self.kind, self.amount, self.link = kind, amount, None


class Worker:
    """Takes packets from its queue, works, and hands most of them on."""

    def __init__(self, number: int) -> None:
        self.number, self.queue, self.done, self.seed = number, [], 0, number * 7919 + 1

    def take(self, packet: Packet) -> None:
        self.queue.append(packet)

    def step(self, workers: list[Worker]) -> None:
        if not self.queue:
            return
        packet = self.queue.pop(0)
        self.seed = self.seed * 1103515245 + 12345 & 0x7FFFFFFF
        self.done += packet.amount & 3
        if self.seed & 7 == 0:
            packet = Packet(packet.kind, packet.amount)
        packet.amount += 1
        workers[self.seed % len(workers)].take(packet)


def object_graph() -> object:
    """A scheduler of packets between workers, a few of which are made anew on the way."""
    workers = [Worker(number) for number in range(20)]
    for number in range(60):
        workers[number % 20].take(Packet(number % 3, number))
    for _ in range(900):
        for worker in workers:
            worker.step(workers)
    return sum(worker.done for worker in workers)


class Node:
    __slots__ = ("key", "left", "right", "value")

    def __init__(self, key: int, value: object) -> None:
        self.key, self.value, self.left, self.right = key, value, None, None


def tree() -> object:
    """A search tree that is filled, asked, and dropped: an object made in every tenth call or so."""
    root, seed = Node(1 << 30, None), 12345
    keys = []
    for _ in range(1_500):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        keys.append(seed)
        node = root
        while True:
            side = "left" if seed < node.key else "right"
            below = getattr(node, side)
            if below is None:
                setattr(node, side, Node(seed, None))
                break
            node = below
    found = 0
    for key in keys:
        node = root
        while node is not None and node.key != key:
            node = node.left if key < node.key else node.right
        found += node is not None
    return found


def numbers() -> object:
    """Floats and ints in loops, lists and generators."""
    size = 70
    a = [[(i * j % 17) / 3.0 for j in range(size)] for i in range(size)]
    rows = [sum(x * y for x, y in zip(row, a[0])) for row in a]
    total = 0.0
    for i in range(size):
        for j in range(size):
            total += a[i][j] * rows[j] - total / (i + j + 1)
    primes, sieve = [], bytearray(20_000)
    for number in range(2, 20_000):
        if not sieve[number]:
            primes.append(number)
            for multiple in range(number * number, 20_000, number):
                sieve[multiple] = 1
    return total, len(primes), sum(n * n for n in range(20_000))


def strings() -> object:
    """Texts built, cut, replaced and joined."""
    words = []
    for number in range(9_000):
        word = f"{number:x}-{number * 31}"
        words.append(word.upper().replace("-", "_") + word[::-1])
    text = " ".join(words)
    kept = [word for word in text.split() if word.startswith("1") or "9_" in word]
    return len("\n".join(kept)), {word[:3] for word in words}


async def _echo(messages: int) -> int:
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, family=socket.AF_INET)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    message, got = b"x" * 63 + b"\n", 0
    for _ in range(messages):
        writer.write(message)
        got += len(await reader.readline())
    writer.close()
    await writer.wait_closed()
    server.close()
    await loop.create_task(asyncio.sleep(0))
    return got


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


def echo() -> object:
    """Messages of 64 bytes there and back over loopback, one after the other."""
    return asyncio.run(_echo(1_500))


PROGRAMS: dict[str, Callable[[], object]] = {
    "json text": json_text, "object graph": object_graph, "tree": tree, "numbers": numbers, "strings": strings,
    "asyncio echo": echo,
}  # fmt: skip
