"""Bencode, written, and the metafile of a file: what the C program reads. Knows no network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PIECE_LENGTH = 65536

Value = int | bytes | str | Sequence["Value"] | Mapping[str, "Value"]


def bencode(value: Value) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, Mapping):
        items = sorted((key.encode(), item) for key, item in value.items())
        return b"d" + b"".join(bencode(key) + bencode(item) for key, item in items) + b"e"
    return b"l" + b"".join(map(bencode, value)) + b"e"


@dataclass(frozen=True)
class Content:
    """A file to be shared, in memory."""

    name: str
    data: bytes

    def piece(self, index: int) -> bytes:
        return self.data[index * PIECE_LENGTH : (index + 1) * PIECE_LENGTH]

    @property
    def piece_count(self) -> int:
        return -(-len(self.data) // PIECE_LENGTH)

    @property
    def info(self) -> bytes:
        digests = b"".join(hashlib.sha1(self.piece(index)).digest() for index in range(self.piece_count))
        return bencode({"name": self.name, "length": len(self.data), "piece length": PIECE_LENGTH, "pieces": digests})

    @property
    def info_hash(self) -> bytes:
        return hashlib.sha1(self.info).digest()

    def metafile(self, trackers: Sequence[str], node: bytes) -> bytes:
        """Who can be asked, and what for. The info stands in it byte by byte: its digest is the torrent's name."""
        return b"d4:info" + self.info + bencode("node") + bencode(node) + bencode("trackers") + bencode(trackers) + b"e"
