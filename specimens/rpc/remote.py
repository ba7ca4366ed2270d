"""What one side holds of the other: services by name, functions and objects by number. All of them are thin."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specimens.rpc.peer import Peer


class RemoteService:
    """`peer.service("calculator").add(2, 3)` is `peer.call("calculator", "add", 2, 3)`."""

    def __init__(self, peer: Peer, name: str) -> None:
        self._peer = peer
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return self._peer.call(self._name, method, *args, **kwargs)

        return call


class RemoteFunction:
    """A function of the other side. When the last reference goes, the other side is told (see `Peer._proxy`)."""

    def __init__(self, peer: Peer, number: int) -> None:
        self._peer = peer
        self._number = number
        self.received = 0

    def __call__(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Awaitable[Any]:
        return self._peer.call_lent(self._number, None, args, kwargs, timeout)


class RemoteObject(RemoteFunction):
    """An object of the other side: its public methods are ours to await."""

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: Any, timeout: float | None = None, **kwargs: Any) -> Awaitable[Any]:
            return self._peer.call_lent(self._number, method, args, kwargs, timeout)

        return call


class GiveBack:
    """What runs when a proxy has gone: perhaps inside the garbage collector, perhaps in another thread.

    So it only asks the loop, and holds the peer weakly: a peer must not live for the sake of its proxies.
    """

    def __init__(self, peer: Peer, number: int, times: int) -> None:
        self._peer = weakref.ref(peer)
        self._loop = asyncio.get_running_loop()
        self._number = number
        self._times = times

    def __call__(self, _: weakref.ref[RemoteFunction]) -> None:
        peer = self._peer()
        if peer is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(peer._give_back, self._number, self._times)
