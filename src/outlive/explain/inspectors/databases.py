"""Database connections, cursors and sessions that were closed."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import native_word, says

_CLOSED = "closed, and still referred to"


def native_connection(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck(_CLOSED) if native_word(heap, node) == "closed" else None


def flagged(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """Drivers in Python keep a flag of their own; only names whose meaning is documented are asked."""
    return stuck(_CLOSED) if "True" in (says(heap, node, "_closed"), says(heap, node, "closed")) else None


def aiosqlite_connection(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`close` sets `_connection` to None; so it is before connecting, when `_running` is not yet set."""
    over = says(heap, node, "_connection") == "None" and says(heap, node, "_running") == "False"
    return stuck(_CLOSED) if over else None


def sqlalchemy_connection(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """Core: a closed connection has neither its DBAPI connection nor the leave to open another."""
    gone = says(heap, node, "_dbapi_connection") == "None"
    return stuck(_CLOSED) if gone and says(heap, node, "_Connection__can_reconnect") == "False" else None


INSPECTORS = {
    "sqlite3.Connection": native_connection,
    "sqlite3.Cursor": native_connection,
    "pymysql.connections.Connection": flagged,
    "redis.client.PubSub": flagged,
    "asyncpg.pool.Pool": flagged,
    "psycopg_pool.base.BasePool": flagged,
    "aiosqlite.core.Connection": aiosqlite_connection,
    "sqlalchemy.engine.base.Connection": sqlalchemy_connection,
}
