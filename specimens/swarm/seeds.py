"""Peers that have the whole file, and some that behave badly: what a client meets.

Each seed is one listening port. What it does to a client depends on its `Manner`.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from enum import Enum

from specimens.swarm.metafile import Content

PROTOCOL = b"\x13BitTorrent protocol" + bytes(8)
UNCHOKE, INTERESTED, BITFIELD, REQUEST, PIECE, ALLOWED_FAST = 1, 2, 5, 6, 7, 17

ENDS = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How a talk ends: callers hang up as they like, and the world ends. (Some asyncio print a handler's cancellation.)"""


class Manner(Enum):
    GOOD = "serves what it is asked for"
    FLAKY = "hangs up on its first caller after the handshake, and is good from then on"
    MUTE = "accepts, and never speaks"
    STRANGER = "shares another torrent"


class Seed:
    """Serves `content` on a port of the loopback."""

    def __init__(self, content: Content, manner: Manner, number: int) -> None:
        self._content, self._manner, self._number = content, manner, number
        self._callers = 0
        self.blocks_sent = 0

    async def open(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        with contextlib.closing(writer), contextlib.suppress(*ENDS):
            await self._talk(reader, writer, self._callers)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: int) -> None:
        if self._manner is Manner.MUTE:
            await reader.read()
            return
        await reader.readexactly(68)
        info_hash = bytes(20) if self._manner is Manner.STRANGER else self._content.info_hash
        writer.write(PROTOCOL + info_hash + b"-SS0001-%012d" % self._number)
        if self._manner is Manner.STRANGER:
            await reader.read()
            return
        if self._manner is Manner.FLAKY and caller == 1:
            return
        count = self._content.piece_count
        bits = ((1 << count) - 1) << (-count % 8)
        writer.write(_message(BITFIELD, bits.to_bytes(-(-count // 8), "big")))
        writer.write(_message(ALLOWED_FAST, struct.pack(">I", self._number % count)))
        while True:
            await self._answer(reader, writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        body = await reader.readexactly(length)
        if body[:1] == bytes([INTERESTED]):
            writer.write(_message(UNCHOKE))
        elif body[:1] == bytes([REQUEST]):
            index, begin, size = struct.unpack(">III", body[1:])
            block = self._content.piece(index)[begin : begin + size]
            self.blocks_sent += 1
            writer.write(_message(PIECE, struct.pack(">II", index, begin) + block))
            await writer.drain()


def _message(kind: int, body: bytes = b"") -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body
