"""Components: nodes share a number exactly when each leads to the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from oracle import Heap, chain, heap_of, heaps, rows

from outlive.heap.graph import Graph

pytestmark = pytest.mark.any_python

LONG = 1_000_000


def leads_to(heap: Heap, node: int) -> set[int]:
    return Heap(heap.references, (node,)).reached()


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(heaps())
def test_component_is_shared_by_those_that_lead_to_each_other(heap: Heap) -> None:
    components = rows(heap.graph.components)
    closures = {node: leads_to(heap, node) for node in range(1, len(heap))}

    for one in closures:
        for other in closures:
            mutual = other in closures[one] and one in closures[other]
            assert (components[one] == components[other]) == mutual


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(heaps())
def test_references_never_lead_to_a_higher_component(heap: Heap) -> None:
    components = rows(heap.graph.components)

    assert components[0] == 0
    assert set(components) == set(range(max(components) + 1)), "numbered without gaps"
    for source, target in heap.edges:
        assert components[source] >= components[target]


def test_cycle_is_one_component_and_what_hangs_on_it_is_another() -> None:
    components = rows(heap_of({1: [2], 2: [3], 3: [1, 4], 5: [1]}, roots=[]).graph.components)

    assert components == [0, 2, 2, 2, 1, 3]


def test_long_chain_is_as_many_components_and_a_long_ring_is_one() -> None:
    starts = np.concatenate([[0], np.arange(LONG + 1)]).astype(np.uint64)
    ring = Graph(starts, np.concatenate([np.arange(2, LONG + 1), [1]]).astype(np.uint32))

    assert (ring.components[1:] == 1).all()
    assert np.array_equal(chain(LONG).components[1:], np.arange(LONG, 0, -1))
