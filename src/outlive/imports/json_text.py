"""JSON from anywhere, within bounds: size, nesting, numbers. Several values may follow each other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from outlive.imports.limits import JSON_BYTES, JSON_DEPTH, LARGEST
from outlive.imports.refusal import UnreadableReport

_SPACE = " \t\r\n"


def gathered(file: str, pieces: Iterable[bytes]) -> str:
    """All of the text. Raises UnreadableReport where it is larger than a compiler writes."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > JSON_BYTES:
            raise UnreadableReport(f"{file}: JSON of more than {JSON_BYTES >> 20} MB", why="it is not read in parts")
        kept.append(piece)
    return b"".join(kept).decode("utf-8-sig", "replace")


def values(text: str) -> tuple[list[Any], bool]:
    """The values, and whether the last one was complete. What cannot be parsed ends the list."""
    if _depth(text) > JSON_DEPTH:
        return [], False
    decoder = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=lambda _: None)
    found: list[Any] = []
    at = 0
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at == len(text):
            return found, True
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found, False
        found.append(value)


def _depth(text: str) -> int:
    """The deepest nesting of brackets, those in strings counted too: more than JSON's own, never less."""
    deepest = depth = 0
    for one in text:
        if one in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif one in "]}":
            depth -= 1
    return deepest


def _int(digits: str) -> int:
    value = int(digits) if len(digits) <= 20 else -1
    return value if abs(value) <= LARGEST else -1


def _float(digits: str) -> float:
    return float(digits) if len(digits) <= 40 else 0.0


def a_dict(value: Any) -> dict[str, Any]:
    """`value`, or an empty one."""
    return value if isinstance(value, dict) else {}


def a_list(value: Any, most: int = 100_000) -> list[Any]:
    """`value`, of bounded length, or an empty one."""
    return value[:most] if isinstance(value, list) else []


def a_str(value: Any) -> str:
    """`value`, or an empty one."""
    return value if isinstance(value, str) else ""


def a_count(value: Any) -> int:
    """`value` where it is a whole number from 0 on, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
