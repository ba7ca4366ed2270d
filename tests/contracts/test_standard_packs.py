"""Every row of the standard library's packs, on real objects: the open one is open, the ended one has ended.

One program makes them all, once for each Python that runs these tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlive.capture.snapshot import load
from outlive.contracts import built_in
from outlive.explain.face import Face
from outlive.explain.resource_state import ResourceStates, resource_nodes
from outlive.heap.heap import Heap
from outlive.model.contracts import Resource

pytestmark = pytest.mark.slow  # one process, for all of them
PROGRAM = Path(__file__).with_name("open_and_ended.py")
STANDARD = {row.type: row for pack in built_in() if not pack.requires for row in pack.resources}
# The one main thread cannot be over while it looks, nor does one see the end of a thread that C made.
ONLY_IDLE = {"threading._MainThread", "threading._DummyThread", "weakref.finalize"}


@dataclass(frozen=True)
class Found:
    """The program's snapshot, and what it says of its objects."""

    heap: Heap
    states: ResourceStates
    made: dict[str, dict[str, list[int]]]
    own: list[int]
    nodes: dict[Resource, list[int]]

    def of(self, kind: str, state: str) -> list[int]:
        nodes = [self.heap.node_at(address) for address in self.made[kind].get(state, [])]
        assert all(nodes)
        return nodes


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    snapshot = tmp_path_factory.mktemp("packs") / "snapshot"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), str(snapshot)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    heap = Heap(load(snapshot))
    nodes = resource_nodes(heap, list(STANDARD.values()))
    return Found(heap, ResourceStates(Face(heap)), told["resources"], told["own"], nodes)


@pytest.mark.parametrize("kind", sorted(STANDARD))
def test_row_tells_the_open_one_from_the_ended_and_the_idle(found: Found, kind: str) -> None:
    row = STANDARD[kind]
    nodes = {state: found.of(kind, state) for state in found.made[kind]}
    ended = {state: [found.states.has_ended(node, row) for node in of] for state, of in nodes.items()}
    idle = {state: [found.states.is_idle(node, row) for node in of] for state, of in nodes.items()}
    assert set(ended.get("open", [False])) <= {False}
    assert set(idle.get("open", [False])) == {False}
    assert set(ended.get("ended", [True])) <= {True}
    assert set(idle.get("idle", [True])) == {True}
    assert set(ended.get("unclear", [None])) == {None}
    # what has ended in a way that not every snapshot shows is never called open
    assert not any(end is False and rest is False for end, rest in zip(ended.get("over", []), idle.get("over", [])))


@pytest.mark.parametrize("kind", sorted(STANDARD))
def test_program_makes_every_state_that_the_row_knows(found: Found, kind: str) -> None:
    made = set(found.made[kind])
    assert {"idle"} if kind in ONLY_IDLE else {"ended"} <= made
    assert not STANDARD[kind].idle or {"idle", "over"} & made
    assert kind in ONLY_IDLE or {"open", "unclear"} & made


@pytest.mark.parametrize("kind", sorted(STANDARD))
def test_objects_are_found_under_the_nearest_of_their_classes(found: Found, kind: str) -> None:
    made = {node for state in found.made[kind] if state != "other" for node in found.of(kind, state)}
    assert made <= set(found.nodes[STANDARD[kind]])


def test_standard_streams_are_nobodys_files(found: Found) -> None:
    streams = {found.heap.node_at(address) for address in found.own}
    assert len(streams) == 3
    assert streams.isdisjoint(found.nodes[STANDARD["_io.FileIO"]])
