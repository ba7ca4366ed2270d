"""Logging: records are made to be written and forgotten, loggers are kept for ever, handlers until closed."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import says


def record(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """A handler may keep records rightly for a while (MemoryHandler), so this is no more than a reason."""
    return unknown("a log record keeps its arguments and its exception")


def logger(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return unknown("a named logger is never forgotten by logging.Manager")


def handler(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`_closed` is there from 3.10 on."""
    return stuck("closed, and still referred to") if says(heap, node, "_closed") == "True" else None


INSPECTORS = {"logging.LogRecord": record, "logging.Logger": logger, "logging.Handler": handler}
