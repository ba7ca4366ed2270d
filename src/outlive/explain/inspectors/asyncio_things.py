"""asyncio: tasks and futures that are over, handles that were cancelled, loops, transports and servers closed."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import native_word, says

_OVER = {
    "done": "done, and still referred to",
    "finished": "done, and still referred to",
    "cancelled": "cancelled, and still referred to",
}


def future(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """C futures tell their state natively, Python ones in `_state`; a pending one may be waited for rightly."""
    word = native_word(heap, node) or (says(heap, node, "_state") or "").lower()
    if word in _OVER:
        return stuck(_OVER[word])
    return unknown("is pending: waits for something that has not happened") if word == "pending" else None


def handle(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """A cancelled handle stays in the loop's heap until its time comes or enough of them are cancelled."""
    if says(heap, node, "_cancelled") == "True":
        return stuck("cancelled, and still referred to")
    return unknown("is scheduled and was not cancelled")


def loop(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck("a closed event loop") if says(heap, node, "_closed") == "True" else None


def transport(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`_sock` is None after `connection_lost`; `_closing` alone may wait for a buffer to drain."""
    gone = says(heap, node, "_sock") == "None" or says(heap, node, "_pipe") == "None"
    return stuck("closed, and still referred to") if gone or says(heap, node, "_closed") == "True" else None


def server(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck("closed, and still referred to") if says(heap, node, "_sockets") == "None" else None


INSPECTORS = {
    "_asyncio.Future": future,
    "_asyncio.Task": future,
    "asyncio.futures.Future": future,
    "asyncio.events.Handle": handle,
    "asyncio.base_events.BaseEventLoop": loop,
    "asyncio.base_events.Server": server,
    "asyncio.selector_events._SelectorTransport": transport,
    "asyncio.unix_events._UnixReadPipeTransport": transport,
    "asyncio.unix_events._UnixWritePipeTransport": transport,
    "asyncio.base_subprocess.BaseSubprocessTransport": transport,
}
