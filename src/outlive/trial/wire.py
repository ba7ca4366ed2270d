"""Messages between the trial's two processes: a length and marshalled plain data, over a pipe.

`marshal` because the child must stay light: it is built in, where `json` brings `re` and `enum` along, and what it
allocates is gone when the message is. Both ends are our own code; the pipe's child end is hidden from the scenario as
well as may be (high descriptor, closed on exec), and lengths are bounded. Nothing from a file is ever read this way.
"""

from __future__ import annotations

from marshal import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Version 2 is the last one without back references: any two Pythons understand it, and equal data makes equal bytes.
_MARSHAL_VERSION = 2
_HEAD_BYTES = 4
_MOST_BYTES = 256 * 1024 * 1024


class BadMessage(Exception):
    """What came over the pipe is no message: somebody else wrote there."""


def pack(kind: str, fields: dict[str, Any]) -> bytes:
    """One message as bytes. Raises ValueError when `fields` holds more than plain data."""
    body = dumps((kind, fields), _MARSHAL_VERSION)
    if len(body) > _MOST_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is too long")
    return len(body).to_bytes(_HEAD_BYTES, "little") + body


def body_length(head: bytes) -> int:
    """How many bytes follow the head. Raises BadMessage when no message of ours is that long."""
    length = int.from_bytes(head[:_HEAD_BYTES], "little")
    if length > _MOST_BYTES:
        raise BadMessage(f"a message of {length} bytes")
    return length


def unpack(body: bytes) -> tuple[str, dict[str, Any]]:
    """The message's kind and fields."""
    try:
        kind, fields = loads(body)
    except (ValueError, EOFError, TypeError) as error:
        raise BadMessage(str(error)) from None
    if not isinstance(kind, str) or not isinstance(fields, dict):
        raise BadMessage("neither kind nor fields")
    return kind, fields


class Inbox:
    """Puts messages together from the pieces that arrive; the parent's way of reading."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, piece: bytes) -> None:
        self._bytes += piece

    def next(self) -> tuple[str, dict[str, Any]] | None:
        """The next whole message, or None until more has arrived."""
        if len(self._bytes) < _HEAD_BYTES:
            return None
        end = _HEAD_BYTES + body_length(bytes(self._bytes[:_HEAD_BYTES]))
        if len(self._bytes) < end:
            return None
        body = bytes(self._bytes[_HEAD_BYTES:end])
        del self._bytes[:end]
        return unpack(body)


def read_exactly(read: Any, descriptor: int, length: int) -> bytes:
    """`length` bytes, blocking; fewer only where the other side has closed. The child's way of reading."""
    whole = b""
    while len(whole) < length:
        piece = read(descriptor, length - len(whole))
        if not piece:
            break
        whole += piece
    return whole


def receive(read: Any, descriptor: int) -> tuple[str, dict[str, Any]] | None:
    """The next message, blocking, or None when the other side has closed."""
    head = read_exactly(read, descriptor, _HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return None
    length = body_length(head)
    body = read_exactly(read, descriptor, length)
    return unpack(body) if len(body) == length else None
