"""A tracker that answers by UDP (BEP 15) and by HTTP, and a node of the DHT that answers pings.

All say the same to everybody: the peers that they were told of at the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import Sequence
from typing import cast

from specimens.swarm.metafile import bencode
from specimens.swarm.seeds import ENDS

Address = tuple[str, int]
INTERVAL_S = 1800
CONNECTION_ID = b"tracker1"


def compact(addresses: Sequence[Address]) -> bytes:
    """Six bytes for each, as trackers write them."""
    return b"".join(ipaddress.IPv4Address(host).packed + struct.pack(">H", port) for host, port in addresses)


class UdpTracker(asyncio.DatagramProtocol):
    def __init__(self, peers: bytes) -> None:
        self._peers = peers
        self.announces = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.10's is none by its bases

    def datagram_received(self, data: bytes, address: tuple[str | Address, int]) -> None:
        if len(data) < 16:
            return
        action, transaction = struct.unpack(">II", data[8:16])
        if action == 0:
            self._transport.sendto(struct.pack(">II", 0, transaction) + CONNECTION_ID, address)
        elif action == 1 and data[:8] == CONNECTION_ID:
            self.announces += 1
            head = struct.pack(">IIIII", 1, transaction, INTERVAL_S, 0, len(self._peers) // 6)
            self._transport.sendto(head + self._peers, address)


class HttpTracker:
    def __init__(self, peers: bytes) -> None:
        self._body = bencode({"interval": INTERVAL_S, "peers": peers})
        self.announces = 0

    async def open(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(*ENDS):
            request = await reader.readuntil(b"\r\n\r\n")
            if request.startswith(b"GET /announce?"):
                self.announces += 1
                writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + self._body)
            else:
                writer.write(b"HTTP/1.0 404 Not Found\r\n\r\n")


class DhtNode(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.10's is none by its bases

    def datagram_received(self, data: bytes, address: tuple[str | Address, int]) -> None:
        if b"4:ping" in data:
            self._transport.sendto(bencode({"r": {"id": b"node-of-the-specimen"}, "t": b"sw", "y": "r"}), address)
