"""Plain data as JSON in a private file, whole or not at all; without `json`, which would bring `re` along."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def as_json(value: Any) -> str:
    """JSON of dicts, lists, texts, finite numbers, booleans and None. What is none of these is written as null.

    By the interpreter's own native encoder, which `json` uses too. Raises ValueError for what is no number.
    """
    from _json import encode_basestring_ascii, make_encoder

    encode = make_encoder({}, _nothing, encode_basestring_ascii, None, ": ", ", ", False, True, False)
    return "".join(encode(value, 0))


def _nothing(value: object) -> None:
    return None


def write_private(path: str, text: str) -> None:
    """Write the file (0600), replacing what was there only when it is complete. Raises OSError."""
    partial = f"{path}.partial"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(partial, flags, 0o600)
    try:
        rest = memoryview(text.encode("ascii", "backslashreplace"))
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
    os.replace(partial, path)
