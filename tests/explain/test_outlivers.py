"""Which objects a finding is about: made since the earlier look, alive now, those that it is about first."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from outlive.capture.snapshot import load
from outlive.explain.outlivers import Outlivers
from outlive.heap.heap import Heap
from outlive.model.packages import Packages
from outlive.model.verdict import Evidence, Finding, Rate

pytestmark = pytest.mark.slow

ONCE, NOTHING = Rate(1.0, 1.0, 1.0), Rate(0.0, 0.0, 0.0)

PROGRAM = """
import json, sys, threading
import outlive
class Session: pass
class Aside: pass
class Worker(threading.Thread): pass
old, new, asides, workers, kept = [Session() for _ in range(7)], [], [], [], []
outlive.snapshot(sys.argv[1] + "/before")
for made, make in ((new, Session), (asides, Aside), (workers, Worker)):
    made += [make() for _ in range(5)]
kept += [None] * 1000
outlive.snapshot(sys.argv[1] + "/after")
print(json.dumps({"old": [*map(id, old)], "new": [*map(id, new)], "new list": [id(new)], "kept": [id(kept)]}))
"""


@dataclass(frozen=True)
class Looked:
    """A program looked at twice: its heap, what is new in it, and the nodes of what it made by name."""

    heap: Heap
    outlivers: Outlivers
    nodes: dict[str, list[int]]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("outlivers")
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    heap = Heap(load(folder / "after"))
    node_of = {address: node for node, address in enumerate(heap.snapshot.column("address").tolist())}
    nodes = {name: [node_of[one] for one in those] for name, those in json.loads(done.stdout).items()}
    return Looked(heap, Outlivers(heap, 0, load(folder / "before")), nodes)


def row(of: str) -> Evidence:
    return Evidence("objects", of, ONCE, 1000, 0, 1000, 20, 0, 1e6)


def finding(*types: str, kind: str = "python-object") -> Finding:
    return Finding(kind, types[0], ONCE, NOTHING, (row(types[0]),), "f", with_it=tuple(row(of) for of in types[1:]))


def test_what_was_there_before_is_no_outliver(looked: Looked) -> None:
    assert sorted(looked.outlivers.of(finding("__main__.Session"))) == sorted(looked.nodes["new"])


def test_types_that_the_finding_does_not_name_are_left_out(looked: Looked) -> None:
    found = looked.outlivers.of(finding("__main__.Aside"))
    assert {looked.heap.type_name(node) for node in found} == {"__main__.Aside"}
    assert looked.outlivers.of(finding("__main__.Nothing")) == []


def test_of_a_thread_the_thread_objects_come_first(looked: Looked) -> None:
    nodes = looked.outlivers.of(finding("threading.Condition", "set", "__main__.Worker", kind="thread"))
    assert looked.heap.type_name(nodes[0]) == "__main__.Worker"
    assert {looked.heap.type_name(node) for node in nodes} >= {"threading.Condition"}


def test_age_is_known_of_old_and_new_and_growth_of_containers(looked: Looked) -> None:
    context = looked.outlivers.context(Packages(), frozenset())
    assert context.is_new(looked.nodes["new"][0]) is True
    assert context.is_new(looked.nodes["old"][0]) is False
    assert context.grew(looked.nodes["new list"][0]) == 5


def test_a_container_that_grew_is_found_by_its_type(looked: Looked) -> None:
    assert looked.outlivers.grown(finding("list"))[0] == looked.nodes["kept"][0]
