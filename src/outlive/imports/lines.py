"""Bytes in pieces, as lines of clean text: without colours, each of bounded length, however the bytes come.

Knows line ends and terminal escapes; knows no report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from outlive.imports.limits import LINE_BYTES, TEXT_BYTES

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)|[@-Z\\-_])")


class Lines:
    """Iterates once over the lines, without their ends. Afterwards the flags say what was not as it should be.

    `ended_in_line`: the last line had no end, so it may be cut. `long_lines`: how many were cut here. `overfull`: there
    was more text than is read.
    """

    def __init__(self, pieces: Iterable[bytes], most: int = TEXT_BYTES) -> None:
        self._pieces = pieces
        self._most = most
        self.ended_in_line = False
        self.long_lines = 0
        self.overfull = False

    def __iter__(self) -> Iterator[str]:
        for line in self._raw():
            yield clean(line.decode("utf-8", "replace"))

    def _raw(self) -> Iterator[bytes]:
        rest, skipping, read = b"", False, 0
        for piece in self._pieces:
            read += len(piece)
            if read > self._most:
                self.overfull = True
                break
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if skipping:
                    skipping = False
                    continue
                yield self._cut(line)
            if len(rest) > LINE_BYTES:
                if not skipping:
                    yield self._cut(rest)
                rest, skipping = b"", True
        self.ended_in_line = bool(rest.strip()) or skipping or self.overfull
        if rest and not skipping:
            yield self._cut(rest)

    def _cut(self, line: bytes) -> bytes:
        if len(line) <= LINE_BYTES:
            return line.rstrip(b"\r")
        self.long_lines += 1
        return line[:LINE_BYTES]


def clean(text: str) -> str:
    """`text` without terminal escapes."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text
