"""Retained sizes, dominators and garbage of real heaps."""

from __future__ import annotations

import pytest
from looking import heap_of, the

from outlive.heap import Heap
from outlive.heap.summary import summarise

PROGRAM = """
import gc, ctypes
gc.disable()
class Owner: pass
class Part: pass
class Shared: pass
class Session: pass
class Cyclic: pass
class Native: pass
owner = Owner(); owner.parts = [Part() for _ in range(3)]; owner.buffer = bytearray(1_000_000)
one, other = Owner.__new__(Owner), {}
one.shared = other["shared"] = Shared()
one.shared.buffer = bytearray(500_000)
cache = {number: Session() for number in range(3000)}
for session in cache.values(): session.data = bytearray(500)
del session
left, right = Cyclic(), Cyclic(); left.other, right.other = right, left; left.weight = bytearray(50_000)
del left, right
native = Native(); native.buffer = bytearray(70_000); box = [native]
ctypes.pythonapi.Py_IncRef(ctypes.py_object(native))
del native
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("keeping"))


def found(heap: Heap, expression: str) -> int:
    (node,) = heap.find(expression)
    return node


def test_an_object_retains_what_only_it_holds(heap: Heap) -> None:
    assert 1_000_000 < heap.retained_bytes(found(heap, "__main__.owner")) < 1_010_000


def test_what_two_hold_neither_retains(heap: Heap) -> None:
    assert heap.retained_bytes(found(heap, "__main__.one")) < 2_000
    assert heap.retained_bytes(the(heap, "Shared")) > 500_000


def test_the_dominator_is_the_nearest_without_which_it_would_go(heap: Heap) -> None:
    parts = found(heap, "__main__.owner.parts")
    assert all(heap.dominator(part) == parts for part in heap.nodes_of_type("__main__.Part").tolist())
    assert set(heap.nodes_of_type("__main__.Part").tolist()) <= set(heap.dominated(parts))


def test_what_native_code_holds_is_retained_by_nobody_else(heap: Heap) -> None:
    assert heap.retained_bytes(found(heap, "__main__.box")) < 1_000
    assert heap.unexplained(the(heap, "Native")) == 1


def test_garbage_is_what_only_garbage_holds(heap: Heap) -> None:
    cyclic = set(heap.nodes_of_type("__main__.Cyclic").tolist())
    (group,) = [one for one in heap.garbage() if cyclic & set(one.nodes)]
    assert cyclic <= set(group.nodes)
    assert {heap.type_name(node) for node in group.nodes} <= {"__main__.Cyclic", "dict", "bytearray", "int"}
    assert 50_000 < group.bytes < 52_000


def test_nothing_alive_is_garbage(heap: Heap) -> None:
    garbage = {node for one in heap.garbage() for node in one.nodes}
    assert all(heap.path(node) is None for node in garbage)


def test_the_summary_counts_a_types_retained_bytes_once(heap: Heap) -> None:
    rows = {row.type: row for row in summarise(heap).types}
    assert rows["__main__.Session"].count == 3000
    assert 3000 * 500 < rows["__main__.Session"].retained_bytes < 3000 * 1000


def test_a_container_of_many_alike_is_a_suspect(heap: Heap) -> None:
    suspects = {one.expression: one for one in summarise(heap).suspects}
    assert suspects["__main__.cache"].holds == "__main__.Session"
    assert suspects["__main__.cache"].count == 3000


def test_one_large_object_is_no_suspect(heap: Heap) -> None:
    assert not any("owner" in one.expression for one in summarise(heap).suspects)


def test_the_summary_lists_what_retains_most(heap: Heap) -> None:
    labels = [block.label for block in summarise(heap).biggest]
    assert "__main__.cache" in labels
    assert "__main__.owner" in labels or "__main__.owner.buffer" in labels


def test_the_summary_tells_garbage_cycles_and_unexplained_references(heap: Heap) -> None:
    summary = summarise(heap)
    assert any("__main__.Cyclic" in cycle.types for cycle in summary.cycles)
    assert any(row.type == "__main__.Native" and row.references == 1 for row in summary.unexplained)


def test_the_tree_is_bounded_and_each_block_no_less_than_its_parts(heap: Heap) -> None:
    tree = summarise(heap).tree
    assert tree is not None
    waiting, seen = [tree], 0
    while waiting:
        block = waiting.pop()
        seen += 1
        assert sum(child.retained_bytes for child in block.children) <= block.retained_bytes
        waiting.extend(block.children)
    assert seen <= 12_001
