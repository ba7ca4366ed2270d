"""Who wakes: the native pass agrees with brute force, and refuses numbers that make no sense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Heap, chain, heap_of, heaps

pytestmark = pytest.mark.any_python

Pairs = list[tuple[int, int]]


def woken_by_force(heap: Heap, members: Pairs, keys: Pairs, extra: Pairs) -> list[int]:
    """Again and again over everything, until nothing changes."""
    edges = heap.edges + [pair for pair in extra if 0 not in pair]
    awake: set[int] = set()
    while True:
        asleep = {node for node, _ in members} - {node for node, sleeper in members if sleeper in awake}
        walked = {node for node, sleeper in members if sleeper in awake and node} | {
            root for root in heap.roots if root and root not in asleep
        }
        while more := {v for u, v in edges if u in walked and v not in asleep} - walked:
            walked |= more
        now = awake | {sleeper for node, sleeper in keys if node in walked}
        if now == awake:
            reached = {v for u, v in edges if u in walked} | {root for root in heap.roots if root}
            return [2 if node in walked else int(node in reached) for node in range(len(heap))]
        awake = now


@st.composite
def sleepers(draw: st.DrawFn) -> tuple[Heap, Pairs, Pairs, Pairs]:
    heap = draw(heaps())
    node = st.integers(0, len(heap) - 1)
    number = st.integers(1, 3) if len(heap) > 3 else st.integers(0, len(heap) - 1)
    pairs = st.lists(st.tuples(node, number), max_size=6)
    return heap, draw(pairs), draw(pairs), draw(st.lists(st.tuples(node, node), max_size=3))


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(sleepers())
def test_pass_agrees_with_brute_force(drawn: tuple[Heap, Pairs, Pairs, Pairs]) -> None:
    heap, members, keys, extra = drawn

    found = heap.graph.woken(list(heap.roots), members, keys, extra=extra).tolist()

    assert found == woken_by_force(heap, members, keys, extra)


def test_reference_that_is_cut_wakes_nobody() -> None:
    graph = heap_of({1: [2, 3], 3: [4]}, roots=[1]).graph

    assert graph.woken([1], [(2, 1)], [(4, 1)]).tolist() == [0, 2, 2, 2, 2]
    assert graph.woken([1], [(2, 1)], [(4, 1)], cuts=[(1, 3)]).tolist() == [0, 2, 1, 0, 0]


def test_long_chain_of_sleepers_wakes_one_by_one() -> None:
    length = 100_000
    graph = chain(length)
    pairs = [(node, node) for node in range(2, length, 2)]

    woken = graph.woken([1], pairs, [(node - 1, node) for node, _ in pairs])

    assert (woken[1:] == 2).all()


@pytest.mark.parametrize("members", [[(9, 1)], [(1, 9)], [(-1, 1)]])
def test_numbers_outside_are_refused(members: Pairs) -> None:
    with pytest.raises(ValueError, match=r"is no node|not the number of a node"):
        heap_of({1: [2]}, roots=[]).graph.woken([1], members, [])


def test_odd_pairs_are_refused() -> None:
    graph = heap_of({1: [2]}, roots=[]).graph

    with pytest.raises(ValueError, match="members are pairs"):
        graph.woken([1], np.array([1, 1, 2], np.uint32), [])
