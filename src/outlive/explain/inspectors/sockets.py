"""Sockets, TLS sockets and selectors that were closed."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import native_word, says

_CLOSED = "closed, and still referred to"


def closed_socket(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """The descriptor says it; `_closed` of Python's class alone may wait for files made from the socket."""
    return stuck(_CLOSED) if native_word(heap, node) == "closed" else None


def closed_selector(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`close` sets `_map` to None, in every selector of the standard library."""
    return stuck(_CLOSED) if says(heap, node, "_map") == "None" else None


def shut_server(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """socketserver: the listening socket was closed by `server_close`."""
    listener = heap.attribute(node, "socket")
    return stuck("its socket is closed") if listener and native_word(heap, listener) == "closed" else None


INSPECTORS = {
    "_socket.socket": closed_socket,
    "selectors.BaseSelector": closed_selector,
    "selectors._BaseSelectorImpl": closed_selector,
    "socketserver.BaseServer": shut_server,
}
