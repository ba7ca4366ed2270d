"""A real program that leaks in many ways: each is found where it is, in a snapshot of the running process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.explain.context import Context
from outlive.explain.explain import explain_outlivers
from outlive.heap.heap import Heap
from outlive.heap.newness import Newness
from outlive.model.explanation import Explanation, OwnerKind, State

PROGRAM = Path(__file__).with_name("leaky_program.py")
# Class → the faulty reference's holder, and words that the sentence must have.
HELD = {
    "InDict": ("__main__.registry", "nothing removes them"),
    "InList": ("__main__.journal", "nothing removes them"),
    "InSet": ("__main__.crowd", "a set"),
    "InDeepDict": ("__main__.shop.orders['open']", "a dict"),
    "InClosure": ("__main__.callbacks", "each function"),
    "InCache": ("__main__.looked_up", "lru_cache"),
    "InClass": ("__main__.Shop.customers", "a list"),
    "InDefault": ("__main__.remember", ""),
    "InBoundMethod": ("__main__.listeners", "each bound method"),
    "InAtexit": ("atexit", ""),
    "InThread": ("a thread in __main__.wait_for_ever", "started by a step and nothing has stopped it"),
    "InNative": ("native code", "1 reference owned by native code"),
    "InGenerator": ("__main__.generators", "each generator `"),
    "InLinkedList": ("__main__", "__main__.head"),
    "InQueue": ("__main__.queue", "deque"),
    "InException": ("__main__.failures", "ValueError"),
    "InLateRegistry": ("__main__.late.orders['open']", "a dict"),
}


@pytest.fixture(scope="module")
def heap_and_context(tmp_path_factory: pytest.TempPathFactory) -> tuple[Heap, Context]:
    folder = tmp_path_factory.mktemp("snapshots")
    subprocess.run([sys.executable, str(PROGRAM), str(folder)], check=True, timeout=60)
    before, after = load(folder / "before"), load(folder / "after")
    new = Newness(before, after).is_new
    packages = read_packages(sys.path, own_folders=[str(PROGRAM.parent)], python=after.python_version)
    return Heap(after), Context(packages=packages, is_new=lambda node: bool(new[node]))


def explained(heap_and_context: tuple[Heap, Context], kind: str) -> tuple[Explanation, ...]:
    heap, context = heap_and_context
    nodes = [int(node) for node in heap.nodes_of_type(f"__main__.{kind}") if context.is_new(int(node))]
    assert len(nodes) >= 12
    return explain_outlivers(heap, nodes, context)


@pytest.mark.slow
@pytest.mark.parametrize("kind", HELD)
def test_leak_is_explained_by_its_holder(heap_and_context: tuple[Heap, Context], kind: str) -> None:
    found = explained(heap_and_context, kind)[0]
    held_by, words = HELD[kind]
    assert found.held_by.startswith(held_by), found
    assert words in found.sentence
    assert found.explained >= 12, found


@pytest.mark.slow
def test_owner_of_what_main_holds_is_you(heap_and_context: tuple[Heap, Context]) -> None:
    assert explained(heap_and_context, "InDict")[0].owner.kind is OwnerKind.YOURS


@pytest.mark.slow
def test_every_path_ends_stuck_and_begins_expected(heap_and_context: tuple[Heap, Context]) -> None:
    found = explained(heap_and_context, "InDeepDict")[0]
    assert (found.path[0].state, found.path[-1].state) == (State.EXPECTED, State.STUCK)


@pytest.mark.slow
def test_two_ways_of_leaking_have_two_fingerprints(heap_and_context: tuple[Heap, Context]) -> None:
    prints = [explained(heap_and_context, kind)[0].fingerprint for kind in HELD]
    assert len(set(prints)) == len(prints)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["InDict", "InList", "InSet", "InQueue", "InDeepDict", "InLateRegistry"])
def test_collection_is_shown_with_its_length(heap_and_context: tuple[Heap, Context], kind: str) -> None:
    assert explained(heap_and_context, kind)[0].path[-2].count == 15
