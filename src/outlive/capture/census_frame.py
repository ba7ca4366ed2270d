"""The census' frames: bytes from the watched child, decoded here into counters.

The shape is written in `native/binding/census_type.c`. A frame holds what changed since the frame before it; names
are sent once, so the decoder keeps them.
"""

from __future__ import annotations

import struct

from outlive.model.series import CounterKey

_NAME = struct.Struct("<IHB")
_ROW = struct.Struct("<Iqqqqq")
_COUNTERS = (("objects", ""), ("bytes", "bytes"), ("items", ""), ("references", ""), ("over-released", ""))
# References to a type that native code lost keep nothing alive that would not live anyway: counted apart.
_COUNTERS_OF_TYPES = (*_COUNTERS[:3], ("type-references", ""), _COUNTERS[4])


class CensusDecoder:
    """Turns successive frames of one census into `{CounterKey: value}` of what changed."""

    def __init__(self) -> None:
        self._keys: dict[int, tuple[CounterKey, ...]] = {}

    def decode(self, frame: bytes) -> dict[CounterKey, int]:
        """Raises ValueError when the bytes are no frame: the child's channel is then not to be trusted."""
        try:
            at = self._read_names(frame)
            return self._read_rows(frame, at)
        except (struct.error, IndexError, KeyError) as error:
            raise ValueError(f"not a census frame: {error}") from error

    def _read_names(self, frame: bytes) -> int:
        (count,) = struct.unpack_from("<I", frame, 0)
        at = 4
        for _ in range(count):
            number, length, of_types = _NAME.unpack_from(frame, at)
            at += _NAME.size
            name = frame[at : at + length].decode("utf-8", "replace")
            counters = _COUNTERS_OF_TYPES if of_types else _COUNTERS
            self._keys[number] = tuple(CounterKey(counter, name, unit) for counter, unit in counters)
            at += length
        return at

    def _read_rows(self, frame: bytes, at: int) -> dict[CounterKey, int]:
        (count,) = struct.unpack_from("<I", frame, at)
        changed: dict[CounterKey, int] = {}
        for number, *values in _ROW.iter_unpack(frame[at + 4 : at + 4 + count * _ROW.size]):
            changed.update(zip(self._keys[number], values, strict=True))
        return changed


def decode(frame: bytes) -> dict[CounterKey, int]:
    """A single first frame, on its own."""
    return CensusDecoder().decode(frame)
