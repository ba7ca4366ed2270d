"""How values that JSON does not know travel: a dict with the key "$" and a tag that both sides know.

Bytes are built in; other types are registered on each side. Functions and by-reference objects are not values: the
peer lends them (`peer.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TAG = "$"
RESERVED = ("function", "object", "yours", "dict")


@dataclass(frozen=True)
class Codec:
    tag: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


class Codecs:
    """Types with a tag of their own."""

    def __init__(self) -> None:
        self._by_type: dict[type, Codec] = {}
        self._by_tag: dict[str, Codec] = {}
        self.register(bytes, "bytes", lambda raw: base64.b64encode(raw).decode("ascii"), base64.b64decode)

    def register(self, kind: type, tag: str, encode: Callable[[Any], Any], decode: Callable[[Any], Any]) -> None:
        """`encode` gives something that travels already, `decode` the value back."""
        if tag in RESERVED or (tag in self._by_tag and kind not in self._by_type):
            raise ValueError(f"the tag {tag!r} is taken")
        codec = Codec(tag, encode, decode)
        self._by_type[kind] = self._by_tag[tag] = codec

    def encode(self, value: Any, lend: Callable[[Any], Any]) -> Any:
        """Something that `json.dumps` takes. What is no value goes to `lend`, which says how it travels."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (list, tuple)):
            return [self.encode(item, lend) for item in value]
        if isinstance(value, dict):
            plain = {str(key): self.encode(item, lend) for key, item in value.items()}
            return {TAG: "dict", "v": plain} if TAG in plain else plain
        codec = self._by_type.get(type(value))
        if codec is not None:
            return {TAG: codec.tag, "v": self.encode(codec.encode(value), lend)}
        return lend(value)

    def decode(self, value: Any, borrow: Callable[[dict[str, Any]], Any]) -> Any:
        """The value back. Tags of lent things go to `borrow`."""
        if isinstance(value, list):
            return [self.decode(item, borrow) for item in value]
        if not isinstance(value, dict):
            return value
        tag = value.get(TAG)
        if tag is None or tag == "dict":
            return {key: self.decode(item, borrow) for key, item in (value if tag is None else value["v"]).items()}
        if tag in RESERVED:
            return borrow(value)
        if tag not in self._by_tag:
            raise ValueError(f"no codec for the tag {tag!r} is registered here")
        return self._by_tag[tag].decode(self.decode(value["v"], borrow))

    def clear(self) -> None:
        self._by_type.clear()
        self._by_tag.clear()
