"""What a download meets on the loopback: trackers, three boxes of seeds, a DHT node, and addresses of the dead.

    with World() as world:
        subprocess.run(["swarm", "fetch", world.metafile, "-o", ...])

It is the same for every run, so that faults.toml can say how often each mistake is made: the tracker names the peers
that behave badly first, and the dead last.
"""

from __future__ import annotations

import asyncio
import random
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from specimens.swarm.metafile import Content
from specimens.swarm.seeds import Manner, Seed
from specimens.swarm.tracker import Address, DhtNode, HttpTracker, UdpTracker, compact

BLOCKS = 88
BOXES, SEEDS_IN_BOX = 3, 12
GOOD = BOXES * SEEDS_IN_BOX
FLAKY = 20
MUTE = 4
STRANGERS = 1
DEAD_DIALLED = 20
NAMED = 200
"""Peers in a tracker's answer: 200 of 20 bytes are 4000."""

DIAL_LIMIT = GOOD + MUTE + STRANGERS + DEAD_DIALLED
FETCH_OPTIONS = ("--dial-limit", str(DIAL_LIMIT), "--ready-peers", str(GOOD))


def default_content(blocks: int = BLOCKS) -> Content:
    """Noise, the same each time."""
    return Content("noise.bin", random.Random(1).randbytes(blocks * 16384))


class World:
    """Runs on a thread of its own from `__enter__` to `__exit__`. May be entered once."""

    def __init__(self, content: Content | None = None) -> None:
        self.content = content or default_content()
        manners = [Manner.MUTE] * MUTE + [Manner.STRANGER] * STRANGERS
        manners += [Manner.FLAKY if number < FLAKY else Manner.GOOD for number in range(GOOD)]
        self.seeds = [Seed(self.content, manner, number) for number, manner in enumerate(manners)]
        self.metafile = Path()
        self._folder = tempfile.TemporaryDirectory()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="swarm world", daemon=True)
        self._failed: BaseException | None = None
        self._sockets: list[asyncio.DatagramTransport] = []

    def __enter__(self) -> World:
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise self._failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._folder.cleanup()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            self._failed = error
        self._ready.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Bound and not listening: whoever dials this port, on any loopback address, is refused, and nobody takes it.
        with socket.socket() as refusing:
            refusing.bind(("0.0.0.0", 0))
            servers = [await seed.open() for seed in self.seeds]
            peers = [server.sockets[0].getsockname() for server in servers]
            peers += self._dead(NAMED - len(peers), refusing.getsockname()[1])
            servers += await self._open_trackers(compact(peers))
            self._ready.set()
            await self._over.wait()
        for server in servers:
            server.close()
        for socket_ in self._sockets:
            socket_.close()
        await self._end_callers()
        await asyncio.sleep(0)  # what was closed is let go of in the loop's next turn

    async def _end_callers(self) -> None:
        callers = asyncio.all_tasks() - {asyncio.current_task()}
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    def _dead(self, count: int, port: int) -> list[Address]:
        return [(f"127.0.2.{number + 1}", port) for number in range(count)]

    async def _open_trackers(self, peers: bytes) -> list[asyncio.Server]:
        self.http_tracker, here = HttpTracker(peers), ("127.0.0.1", 0)
        http = await self.http_tracker.open()
        udp, self.udp_tracker = await self._loop.create_datagram_endpoint(lambda: UdpTracker(peers), here)
        node, _ = await self._loop.create_datagram_endpoint(DhtNode, here)
        urls = [
            f"udp://127.0.0.1:{udp.get_extra_info('sockname')[1]}/announce",
            f"http://127.0.0.1:{http.sockets[0].getsockname()[1]}/announce",
        ]
        self.metafile = Path(self._folder.name) / f"{self.content.name}.torrent"
        self.metafile.write_bytes(self.content.metafile(urls, compact([node.get_extra_info("sockname")])))
        self._sockets = [udp, node]
        return [http]
