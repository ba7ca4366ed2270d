"""Mocks: every call is remembered with its arguments."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, unknown


def call_list(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return unknown("a mock remembers each call with its arguments until reset_mock()")


INSPECTORS = {
    "unittest.mock._CallList": call_list,
    "unittest.mock._Call": call_list,
    "unittest.mock.NonCallableMock": call_list,
}
