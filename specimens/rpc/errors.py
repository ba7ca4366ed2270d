"""What can go wrong between two peers. All of it is an `RpcError`."""

from __future__ import annotations


class RpcError(Exception):
    """Root of everything that this package raises on purpose."""


class PeerClosed(RpcError):
    """The call cannot be answered: this side is closed, or its line is down."""


class RequestTimeout(RpcError):
    """The other side took longer than the call allowed."""


class Refused(RpcError):
    """The two did not come together: a wrong key, or another version of the language."""


class RemoteError(RpcError):
    """The other side's code raised. `type_name` is its exception's class, the text its message."""

    def __init__(self, type_name: str, text: str) -> None:
        super().__init__(f"{type_name}: {text}")
        self.type_name = type_name
        self.text = text


def from_wire(type_name: str, text: str) -> RpcError:
    """The exception for an error message: our own kinds come back as themselves, all others as `RemoteError`."""
    known: dict[str, type[RpcError]] = {kind.__name__: kind for kind in (PeerClosed, RequestTimeout, Refused)}
    kind = known.get(type_name)
    return kind(text) if kind else RemoteError(type_name, text)
