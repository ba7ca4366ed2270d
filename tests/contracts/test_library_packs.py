"""Every row of the libraries' packs, on real objects, where the library is installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlive.capture.snapshot import load
from outlive.contracts import applying, built_in
from outlive.explain.face import Face
from outlive.explain.resource_state import ResourceStates
from outlive.heap.heap import Heap
from outlive.model.contracts import Resource

pytestmark = pytest.mark.slow  # one process, for all of them
PROGRAM = Path(__file__).with_name("open_and_ended_libraries.py")


def has_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


LIBRARIES = [pack for pack in built_in() if pack.requires]
ROWS = [(pack.requires, row) for pack in LIBRARIES for row in pack.resources]


@dataclass(frozen=True)
class Found:
    heap: Heap
    states: ResourceStates
    made: dict[str, dict[str, list[int]]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    if not applying(LIBRARIES, has_module):
        pytest.skip("no library is installed")
    snapshot = tmp_path_factory.mktemp("packs") / "snapshot"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), str(snapshot)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["errors"] == {}
    heap = Heap(load(snapshot))
    return Found(heap, ResourceStates(Face(heap)), told["resources"])


@pytest.mark.parametrize(("requires", "row"), ROWS, ids=[row.type for _, row in ROWS])
def test_row_tells_the_open_one_from_the_ended_and_the_idle(found: Found, requires: str, row: Resource) -> None:
    if not has_module(requires):
        pytest.skip(f"{requires} is not installed")
    if row.type not in found.made:
        pytest.skip(f"this version of {requires} has no such class, or it needs a server")
    made = {state: list(map(found.heap.node_at, of)) for state, of in found.made[row.type].items()}
    assert all(node for of in made.values() for node in of)
    assert {found.states.has_ended(node, row) for node in made["open"]} <= {False}
    assert {found.states.is_idle(node, row) for node in made["open"]} == {False}
    assert {found.states.has_ended(node, row) for node in made["ended"]} <= {True}
    assert {found.states.is_idle(node, row) for node in made.get("idle", [])} <= {True}
