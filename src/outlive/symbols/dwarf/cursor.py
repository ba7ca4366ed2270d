"""Numbers and strings out of bytes, and the error of all that is wrong with debug information."""

from __future__ import annotations

import struct
import time

from outlive.errors import OutliveError

_LONGEST_NUMBER = 10  # bytes of a number of 64 bits, seven bits in each


class BadDwarf(OutliveError):
    """The debug information cannot be read as what it should be, or is more than is read."""


class Patience:
    """How long one question may take, by this thread's processor time: a busy machine is not the file's fault.

    Asked now and then inside of loops whose length the file decides.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: float | None = None  # the clock is asked only when there is something long to read

    def check(self) -> None:
        now = time.thread_time()
        if self._until is None:
            self._until = now + self._seconds
        if now > self._until:
            raise BadDwarf("reading it takes too long")


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A number of any length (LEB128), and where the next thing begins."""
    found = shift = 0
    for byte in data[at : at + _LONGEST_NUMBER]:
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
        shift += 7
    raise BadDwarf("a number in it has no end")


def signed(data: bytes, at: int) -> tuple[int, int]:
    found, end = unsigned(data, at)
    bits = 7 * (end - at)
    return found - (1 << bits) if data[end - 1] & 0x40 else found, end


def whole(form: str, data: bytes, at: int) -> int:
    try:
        number: int = struct.unpack_from(form, data, at)[0]
    except struct.error:
        raise BadDwarf("it ends too early") from None
    return number


def sized(data: bytes, at: int, size: int) -> int:
    """Little-endian, of so many bytes."""
    found = data[at : at + size]
    if len(found) != size or at < 0:
        raise BadDwarf("it ends too early")
    return int.from_bytes(found, "little")


def string_end(data: bytes, at: int) -> int:
    end = data.find(b"\0", at)
    if end < 0:
        raise BadDwarf("a text in it has no end")
    return end
