"""Cheapest holder paths: their costs are right whatever the graph, and ties go as promised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Heap, chain, heap_of, heaps, rows

from outlive.heap.graph import NOT_REACHED, Graph, ReadingCosts

pytestmark = pytest.mark.any_python

LONG = 1_000_000
cost = st.one_of(st.integers(0, 3), st.integers(0, 255))


@dataclass(frozen=True)
class Case:
    heap: Heap
    root_costs: list[int]
    enter: list[int]
    exit: list[int]
    types: list[int]
    type_cost: int
    cuts: list[tuple[int, int]]

    @property
    def parents(self) -> list[int]:
        enter, leave = np.array(self.enter, np.uint8), np.array(self.exit, np.uint8)
        costs = ReadingCosts(enter, leave, np.array(self.types, np.uint32), self.type_cost)
        return rows(self.heap.graph.holders(self.heap.roots, root_costs=self.root_costs, costs=costs, cuts=self.cuts))

    def reference_cost(self, source: int, target: int) -> int:
        return 1 + self.exit[source] + self.enter[target] + (self.type_cost if self.types[source] == target else 0)

    def cheapest(self) -> dict[int, int]:
        """Bellman and Ford: relax everything until nothing gets cheaper."""
        found: dict[int, int] = {}
        for root, price in zip(self.heap.roots, self.root_costs):
            if root:
                found[root] = min(price, found.get(root, price))
        for _ in range(len(self.heap)):
            for source, target in self.heap.edges:
                if source in found and (source, target) not in self.cuts:
                    price = found[source] + self.reference_cost(source, target)
                    found[target] = min(price, found.get(target, price))
        return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    heap = draw(heaps())
    count = len(heap)
    each = st.lists(cost, min_size=count, max_size=count)
    root_costs = draw(st.lists(cost, min_size=len(heap.roots), max_size=len(heap.roots)))
    types = draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count))
    cuts = draw(st.lists(st.sampled_from(heap.edges), max_size=3)) if heap.edges else []
    return Case(heap, root_costs, draw(each), draw(each), types, draw(cost), cuts)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(cases())
def test_every_path_costs_what_the_cheapest_costs(case: Case) -> None:
    cheapest, parents = case.cheapest(), case.parents

    for node in range(len(case.heap)):
        parent = parents[node]
        if node not in cheapest:
            assert parent == NOT_REACHED
        elif parent == node:
            assert cheapest[node] in [c for r, c in zip(case.heap.roots, case.root_costs) if r == node]
        else:
            assert (parent, node) in case.heap.edges
            assert (parent, node) not in case.cuts
            assert cheapest[node] == cheapest[parent] + case.reference_cost(parent, node)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(heaps(), st.data())
def test_reached_is_what_a_search_by_hand_finds(heap: Heap, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.sampled_from(heap.edges), max_size=3)) if heap.edges else []

    reached = heap.graph.reached(heap.roots, cuts)

    assert set(np.flatnonzero(reached).tolist()) == heap.reached(cuts=frozenset(cuts))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(heaps())
def test_referrers_are_the_references_backwards(heap: Heap) -> None:
    graph = heap.graph

    for node in range(len(heap)):
        assert rows(graph.referrers(node)) == sorted(source for source, target in heap.edges if target == node)
    assert graph.referrer_counts.sum() == len(heap.edges)


def test_equally_cheap_paths_go_to_the_first_root_and_the_first_reference() -> None:
    heap = heap_of({1: [4], 2: [5, 3], 3: [6], 4: [6], 5: [6]}, roots=[2, 1])

    parents = rows(heap.graph.holders(heap.roots))

    assert parents[5] == 2
    assert parents[6] == 5, "of 5, 3 and 4, which all lead there, the first root's first reference"


def test_root_that_a_path_reaches_at_the_same_cost_stays_a_root() -> None:
    heap = heap_of({1: [2]}, roots=[1, 2])

    assert rows(heap.graph.holders(heap.roots, root_costs=[0, 1]))[2] == 2
    assert rows(heap.graph.holders(heap.roots, root_costs=[0, 2]))[2] == 1


def test_detour_is_taken_around_a_dear_node() -> None:
    heap = heap_of({1: [2, 3], 2: [5], 3: [4], 4: [5]}, roots=[1])
    dear = ReadingCosts(enter=np.array([0, 0, 9, 0, 0, 0], np.uint8))

    assert rows(heap.graph.holders([1]))[5] == 2
    assert rows(heap.graph.holders([1], costs=dear))[5] == 4


def test_dear_reference_is_taken_when_there_is_no_other() -> None:
    costs = ReadingCosts(types=np.array([0, 2, 0], np.uint32), type_cost=255)

    assert rows(heap_of({1: [2]}, roots=[1]).graph.holders([1], costs=costs))[2] == 1


def test_cut_takes_every_parallel_reference() -> None:
    heap = heap_of({1: [2, 2, 3], 3: [2]}, roots=[1])

    assert rows(heap.graph.holders([1], cuts=[(1, 2)]))[2] == 3
    assert rows(heap.graph.holders([1], cuts=[(3, 2), (1, 2)]))[2] == NOT_REACHED


def test_path_as_long_as_the_heap_is_found() -> None:
    graph = chain(LONG)
    dearest = np.full(len(graph), 255, np.uint8)

    parents = graph.holders([1], costs=ReadingCosts(dearest, dearest))

    assert np.array_equal(parents[2:], np.arange(1, LONG))
    assert graph.reached([1])[1:].all()


def test_heap_of_nothing_reaches_nothing() -> None:
    graph = heap_of({}, roots=[]).graph

    assert rows(graph.holders([])) == [NOT_REACHED]
    assert rows(graph.holders([0])) == [NOT_REACHED], "nothing is no root"
    assert not graph.reached([0]).any()
    assert len(graph.all_referrers[1]) == 0


def refusal(edge_start: list[int], targets: list[int]) -> str:
    with pytest.raises(ValueError, match="no heap") as caught:
        Graph(np.array(edge_start, np.uint64), np.array(targets, np.uint32))
    return str(caught.value)


def test_graph_that_points_outside_is_refused() -> None:
    assert "a target is no node" in refusal([0, 0, 1], [2])
    assert "goes down" in refusal([0, 0, 2, 1], [1])
    assert "begin at 0" in refusal([0, 0, 5], [1])
    assert "begin at 0" in refusal([1, 1, 1], [1])
    assert "has references" in refusal([0, 1, 1], [1])
    assert "no node 0" in refusal([0], [])
    assert "no node 0" in refusal([], [])


def test_arguments_that_point_outside_are_refused() -> None:
    graph = heap_of({1: [2]}, roots=[1]).graph

    with pytest.raises(ValueError, match="3 is no node"):
        graph.holders([3])
    with pytest.raises(ValueError, match="not the number of a node"):
        graph.reached([-1])
    with pytest.raises(ValueError, match="not a cost"):
        graph.holders([1], root_costs=np.array([256]))
    with pytest.raises(ValueError, match="root_costs has 2 rows and should have 1"):
        graph.holders([1], root_costs=[1, 2])
    with pytest.raises(ValueError, match="enter_costs has 1 rows and should have 3"):
        graph.holders([1], costs=ReadingCosts(enter=np.zeros(1, np.uint8)))
    with pytest.raises(ValueError, match="pairs"):
        graph.reached([1], [1, 2, 1])
    with pytest.raises(ValueError, match="above 255"):
        graph.holders([1], costs=ReadingCosts(type_cost=256))


def test_results_outlive_their_graph_and_cannot_be_written() -> None:
    parents = heap_of({1: [2]}, roots=[1]).graph.holders([1])

    assert rows(parents) == [NOT_REACHED, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        parents[1] = 0
