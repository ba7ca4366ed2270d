"""Clients of web services and their sessions that were closed."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import says

_CLOSED = "closed, and still referred to"


def aiohttp_session(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`close` and `detach` both set `_connector` to None."""
    return stuck(_CLOSED) if says(heap, node, "_connector") == "None" else None


def aiohttp_connector(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck(_CLOSED) if says(heap, node, "_closed") == "True" else None


def http_connection(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """http.client: `fp` is None once a response was read to its end or closed."""
    return stuck("read to its end, and still referred to") if says(heap, node, "fp") == "None" else None


INSPECTORS = {
    "aiohttp.client.ClientSession": aiohttp_session,
    "aiohttp.connector.BaseConnector": aiohttp_connector,
    "http.client.HTTPResponse": http_connection,
}
