"""The dominator tree as a map shows it: large things stand where a reader looks, and none of them is left out."""

from __future__ import annotations

import numpy as np
import pytest
from looking import heap_of

from outlive.heap import Heap
from outlive.heap.blocks import biggest_blocks, dominator_tree
from outlive.heap.type_totals import _nested
from outlive.model.heap_summary import Block

PROGRAM = """
class Store:
    def __init__(self):
        for number in range(60): setattr(self, f"field_{number}", bytearray(40_000))
class Node: pass
store = Store()
store.__dict__  # made, where it would not be
chunks = [bytearray(30_000) for _ in range(300)]
uneven = {f"user {number}": bytearray(20_000 + number * 100) for number in range(200)}
tail = None
for _ in range(3000):
    node = Node(); node.next = tail; tail = node
del node, tail.next
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("blocks"))


def inside(block: Block, *labels: str) -> Block:
    """The block inside that is labelled so, step by step."""
    for label in labels:
        (block,) = [one for one in block.children if one.label == label]
    return block


def all_blocks(tree: Block) -> list[Block]:
    found = [tree]
    for block in found:
        found += block.children
    return found


def test_every_large_part_of_a_container_is_a_block(heap: Heap) -> None:
    chunks = inside(dominator_tree(heap), "__main__", ".chunks")
    assert len(chunks.children) == 300
    assert sum(one.retained_bytes for one in chunks.children) > 0.99 * (chunks.retained_bytes - chunks.bytes)


def test_parts_are_labelled_by_their_place_in_the_container(heap: Heap) -> None:
    uneven = inside(dominator_tree(heap), "__main__", ".uneven")
    assert uneven.children[0].label == "['user 199']"


def test_attributes_stand_in_the_object_and_not_in_its_dict(heap: Heap) -> None:
    store = inside(dominator_tree(heap), "__main__", ".store")
    assert {one.label for one in store.children} == {f".field_{number}" for number in range(60)}


def test_module_that_is_nearly_all_one_thing_gives_way_to_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    heap = heap_of("cache = [bytearray(50_000) for _ in range(400)]", tmp_path_factory.mktemp("one"))
    assert dominator_tree(heap).children[0].label == "__main__.cache"
    assert biggest_blocks(heap, 1)[0].label == "__main__.cache"


def test_module_with_several_large_things_stays(heap: Heap) -> None:
    first = dominator_tree(heap).children[0]
    assert first.label == "__main__"
    assert {one.label for one in first.children} >= {".chunks", ".uneven", ".store"}


def test_tree_is_bounded_and_no_block_is_smaller_than_its_parts(heap: Heap) -> None:
    blocks = all_blocks(dominator_tree(heap))
    assert len(blocks) <= 12_001
    assert len({one.node for one in blocks}) == len(blocks)
    assert all(sum(part.retained_bytes for part in one.children) <= one.retained_bytes for one in blocks)


def test_nested_is_who_has_one_of_its_own_type_above() -> None:
    """Against the plain way, on random trees: only chains of up to 64 are promised."""
    chance = np.random.default_rng(3)
    for _ in range(60):
        size = int(chance.integers(2, 50))
        dominators = np.array([0, *(int(chance.integers(0, at)) for at in range(1, size))], dtype=np.uint32)
        types = chance.integers(0, int(chance.integers(1, 9)), size).astype(np.int32)
        expected = []
        for node in range(size):
            above = int(dominators[node])
            while above and types[above] != types[node]:
                above = int(dominators[above])
            expected.append(above != 0)
        assert _nested(dominators, types).tolist() == expected
