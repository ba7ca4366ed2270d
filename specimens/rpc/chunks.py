"""Messages too long for one frame: cut into numbered pieces, and put together again.

What arrives in part is bounded in number and in age: a peer that sends first pieces only cannot fill our memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PIECE = 64 * 1024
MOST_PARTIAL = 64


def split(text: str, number: int, piece: int = PIECE) -> Iterator[dict[str, Any]]:
    """The pieces of a text, as messages."""
    count = -(-len(text) // piece)
    for index in range(count):
        part = text[index * piece : (index + 1) * piece]
        yield {"t": "chunk", "id": number, "index": index, "of": count, "text": part}


@dataclass
class Partial:
    """A message of which some pieces are here."""

    of: int
    since: float
    pieces: dict[int, str] = field(default_factory=dict)


class ChunkStore:
    """Pieces that wait for the rest."""

    def __init__(self) -> None:
        self._partial: dict[int, Partial] = {}
        self.numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._partial)

    def add(self, message: dict[str, Any], now: float) -> str | None:
        """The whole text when this was its last missing piece."""
        number = message["id"]
        if number not in self._partial and len(self._partial) >= MOST_PARTIAL:
            del self._partial[min(self._partial, key=lambda known: self._partial[known].since)]
        partial = self._partial.setdefault(number, Partial(message["of"], now))
        partial.pieces[message["index"]] = message["text"]
        if len(partial.pieces) < partial.of:
            return None
        del self._partial[number]
        return "".join(partial.pieces[index] for index in range(partial.of))

    def sweep(self, before: float) -> int:
        """Drop what has waited since before that time."""
        stale = [number for number, partial in self._partial.items() if partial.since < before]
        for number in stale:
            del self._partial[number]
        return len(stale)

    def clear(self) -> None:
        self._partial.clear()
