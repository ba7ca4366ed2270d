"""What the page of a snapshot says, and how it stays small."""

from __future__ import annotations

import dataclasses
from typing import Any

import page_values
import pytest

from outlive.model.heap_summary import Block, HeapSummary
from outlive.reports import page
from outlive.reports.page.block_tree import tree_data

pytestmark = pytest.mark.any_python

EMPTY = HeapSummary("heap.outlive", "3.12.4", 0, 0, 0, "whole")


def test_snapshot_says_what_is_big_and_accuses_nobody() -> None:
    text = page.of_heap(page_values.heap())
    assert "<h1>812 MB in 5,012,331 objects</h1>" in text
    assert "says what is big, not what leaks" in text


def test_every_part_has_its_section() -> None:
    text = page.of_heap(page_values.heap())
    for title in (
        "What keeps how much",
        "Suspects",
        "Types",
        "Biggest objects",
        "Garbage cycles",
        "Unexplained references",
    ):
        assert f"<h2>{title}</h2>" in text


def test_empty_snapshot_has_no_empty_sections() -> None:
    text = page.of_heap(EMPTY)
    assert "<h2>What this snapshot is worth</h2>" in text
    for title in ("What keeps how much", "Suspects", "Types", "Garbage cycles"):
        assert f"<h2>{title}</h2>" not in text


@pytest.mark.slow
def test_snapshot_of_thousands_of_types_makes_a_small_page() -> None:
    assert len(page.of_heap(page_values.heap(types=9_000, width=26, depth=3)).encode()) < 3 << 20


@pytest.mark.slow
def test_snapshot_of_endless_names_makes_a_small_page() -> None:
    heap = page_values.heap(types=9_000, width=26, depth=3)
    long = tuple(dataclasses.replace(one, type=f"app.{'x' * 10_000}{at}") for at, one in enumerate(heap.types))
    assert len(page.of_heap(dataclasses.replace(heap, types=long)).encode()) < 3 << 20


def test_cut_tree_keeps_the_largest_blocks_and_their_parents() -> None:
    small = [Block(at, "app.Small", f"[{at}]", 1, 1) for at in range(30_000)]
    deep = Block(1, "app.Deep", ".deep", 10, 500_000, children=(Block(2, "app.Big", ".big", 499_990, 499_990),))
    data = tree_data(Block(0, "root", "", 0, 530_000, children=(deep, *small)))
    assert _count(data["root"]) <= 12_000
    first = data["root"][5][0]
    assert first[1] == ".deep"
    assert [inner[1] for inner in first[5]] == [".big"]


def test_tree_deeper_than_the_stack_is_cut() -> None:
    block = Block(0, "app.Node", ".next", 8, 8)
    for at in range(1, 5_000):
        block = Block(at, "app.Node", ".next", 8, 8 * (at + 1), children=(block,))
    page.of_heap(dataclasses.replace(EMPTY, tree=block))


def _count(packed: list[Any]) -> int:
    return 1 + sum(_count(inner) for inner in packed[5])
