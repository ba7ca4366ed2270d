"""Weak references and proxies whose object is gone."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import native_word


def dead(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    gone = native_word(heap, node) == "dead"
    return stuck("its object is gone, and the weak reference is still kept") if gone else None


INSPECTORS = {
    "weakref.ReferenceType": dead,
    "builtins.weakref": dead,
    "weakref.ProxyType": dead,
    "builtins.weakproxy": dead,
    "weakref.CallableProxyType": dead,
}
