"""Dominators and retained sizes: what would go if a node went, tried node by node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Heap, chain, heap_of, heaps, rows

from outlive import _core
from outlive.heap.graph import NOT_REACHED, Graph

pytestmark = pytest.mark.any_python

LONG = 1_000_000


def dominators_by_removal(heap: Heap) -> dict[int, set[int]]:
    """Of each node that is reached: those without which it would not be, itself left out."""
    reached = heap.reached()
    return {node: {other for other in reached - {node} if node not in heap.reached(without=other)} for node in reached}


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(heaps())
def test_immediate_dominator_is_the_nearest_that_removal_finds(heap: Heap) -> None:
    all_of = dominators_by_removal(heap)

    immediate = rows(heap.graph.dominators(heap.roots))

    assert immediate[0] == 0
    for node in range(1, len(heap)):
        if node not in all_of:
            assert immediate[node] == NOT_REACHED
        elif not all_of[node]:
            assert immediate[node] == 0
        else:
            nearest = immediate[node]
            assert all_of[node] == all_of[nearest] | {nearest}


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(heaps(), st.data())
def test_retained_is_what_removal_takes_away(heap: Heap, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(heap), max_size=len(heap)))
    small = np.array(sizes, np.uint32)
    reached = heap.reached()

    retained = heap.graph.retained(heap.roots, small)

    assert retained[0] == sum(sizes[node] for node in reached)
    for node in range(1, len(heap)):
        gone = reached - heap.reached(without=node)
        assert retained[node] == sum(sizes[other] for other in gone)
    assert np.array_equal(retained, heap.graph.retained(heap.roots, small.astype(np.uint64)))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(heaps(), st.randoms(use_true_random=False))
def test_numbering_of_nodes_does_not_matter(heap: Heap, chance: object) -> None:
    import random

    assert isinstance(chance, random.Random)
    new = [0, *chance.sample(range(1, len(heap)), len(heap) - 1)]
    old = {number: node for node, number in enumerate(new)}
    moved = Heap(
        tuple(tuple(new[t] for t in heap.references[old[number]]) for number in range(len(heap))),
        tuple(new[root] for root in heap.roots),
    )

    before, after = rows(heap.graph.dominators(heap.roots)), rows(moved.graph.dominators(moved.roots))

    same = {new[node]: new[d] if d != NOT_REACHED else d for node, d in enumerate(before)}
    assert after == [same[number] for number in range(len(heap))]


def test_shared_child_belongs_to_whoever_holds_all_its_holders() -> None:
    heap = heap_of({1: [2, 3], 2: [4], 3: [4], 4: [5]}, roots=[1])

    assert rows(heap.graph.dominators([1])) == [0, 0, 1, 1, 1, 4]
    assert rows(heap.graph.retained([1], np.full(6, 10, np.uint32))) == [50, 50, 10, 10, 20, 10]


def test_child_of_two_roots_belongs_to_neither() -> None:
    heap = heap_of({1: [3], 2: [3], 3: [4]}, roots=[1, 2])

    assert rows(heap.graph.dominators([1, 2])) == [0, 0, 0, 0, 3]


def test_root_belongs_to_nobody_even_if_another_holds_it() -> None:
    heap = heap_of({1: [2], 2: [3]}, roots=[1, 2])

    assert rows(heap.graph.dominators([1, 2])) == [0, 0, 0, 2]


def test_unreached_nodes_retain_nothing() -> None:
    heap = heap_of({1: [2], 3: [2]}, roots=[1])

    assert rows(heap.graph.dominators([1])) == [0, 0, 1, NOT_REACHED]
    assert rows(heap.graph.retained([1], np.full(4, 7, np.uint32))) == [14, 14, 7, 0]


def test_other_roots_give_other_sizes() -> None:
    graph = heap_of({1: [3], 2: [3]}, roots=[]).graph
    sizes = np.full(4, 1, np.uint32)

    assert rows(graph.retained([1], sizes)) == [2, 2, 0, 1]
    assert rows(graph.retained([1, 2], sizes)) == [3, 1, 1, 1]
    assert rows(graph.dominators([2])) == [0, NOT_REACHED, 0, 2]


def test_heap_without_roots_is_not_reached() -> None:
    graph = heap_of({1: [2]}, roots=[]).graph

    assert rows(graph.dominators([])) == [0, NOT_REACHED, NOT_REACHED]
    assert rows(graph.dominators([0])) == [0, NOT_REACHED, NOT_REACHED]
    assert rows(heap_of({}, roots=[]).graph.retained([], np.array([9], np.uint32))) == [0]


def test_chain_as_long_as_the_heap_is_dominated_link_by_link() -> None:
    graph = chain(LONG)

    retained = graph.retained([1], np.ones(len(graph), np.uint32))

    assert np.array_equal(graph.dominators([1])[1:], np.arange(LONG))
    assert np.array_equal(retained[1:], np.arange(LONG, 0, -1))


@pytest.mark.slow
def test_long_list_whose_tail_holds_what_its_head_holds_takes_no_quadratic_time() -> None:
    """Walking up the list from its tail once for each shared object would be 6e10 steps."""
    half = LONG // 4
    shared = np.arange(half + 1, 2 * half + 1, dtype=np.uint32)
    targets = np.concatenate([[2], shared, np.arange(3, half + 1), shared]).astype(np.uint32)
    degrees = np.concatenate([[0], [1 + half], np.ones(half - 2), [half], np.zeros(half)]).astype(np.uint64)
    graph = Graph(np.concatenate([[0], np.cumsum(degrees)]).astype(np.uint64), targets)

    dominators = graph.dominators([1])

    assert (dominators[half + 1 :] == 1).all()
    assert np.array_equal(dominators[2 : half + 1], np.arange(1, half))


def test_sizes_above_all_bounds_of_32_bits_add_up() -> None:
    heap = heap_of({1: [2]}, roots=[1])

    assert rows(heap.graph.retained([1], np.array([0, 2**40, 2**41], np.uint64))) == [3 * 2**40, 3 * 2**40, 2**41]


def test_dominators_of_another_graph_are_refused() -> None:
    one, other = (
        _core.HeapGraph(np.array([0] * count, np.uint64), np.array([], np.uint32)) for count in (3, 4)
    )  # fmt: skip
    none = np.array([], np.uint32)

    with pytest.raises(ValueError, match="not what dominators"):
        one.retained(other.dominators(none), np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match="not what dominators"):
        one.retained(one.components(), np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match="sizes has 1 rows and should have 2"):
        one.retained(one.dominators(none), np.zeros(1, np.uint32))
    with pytest.raises(ValueError, match="sizes must be"):
        one.retained(one.dominators(none), np.zeros(2, np.float64))
