"""New since an earlier snapshot, and grown since."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from outlive.capture.snapshot import Snapshot, load
from outlive.heap.newness import Newness, spread

PROGRAM = """
import json, sys
import outlive
class Session: pass
class Owner:
    def __init__(self): self.parts = {"first": [object()]}
kept, registry, old = [Session() for _ in range(10)], [None] * 3, Owner()
outlive.snapshot(sys.argv[1] + "/before")
kept += [Session() for _ in range(7)]
registry += [None] * 5000
made = Owner()
made.shared = old.parts
outlive.snapshot(sys.argv[1] + "/after")
things = {"registry": registry, "old": old, "shared": old.parts, "made": made,
          "made.parts": made.parts, "first": made.parts["first"]}
print(json.dumps({"sessions": [*map(id, kept)], **{name: [id(thing)] for name, thing in things.items()}}))
"""


@dataclass(frozen=True)
class Looked:
    """A program looked at twice, and the nodes of its things in the later look, by name."""

    before: Snapshot
    after: Snapshot
    nodes: dict[str, list[int]]

    def node(self, name: str) -> int:
        (node,) = self.nodes[name]
        return node


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder: Path = tmp_path_factory.mktemp("newness")
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    after = load(folder / "after")
    node_of = {address: node for node, address in enumerate(after.column("address").tolist())}
    nodes = {name: [node_of[one] for one in those] for name, those in json.loads(done.stdout).items()}
    return Looked(load(folder / "before"), after, nodes)


def test_what_was_there_is_old_and_what_came_is_new(looked: Looked) -> None:
    fresh = Newness(looked.before, looked.after).is_new
    assert [bool(fresh[node]) for node in looked.nodes["sessions"]] == [False] * 10 + [True] * 7


def test_a_snapshot_has_nothing_new_since_itself(looked: Looked) -> None:
    newness = Newness(looked.after, looked.after)
    assert not newness.is_new.any()
    assert newness.grown(1) == []


def test_the_container_that_grew_is_named_first(looked: Looked) -> None:
    assert Newness(looked.before, looked.after).grown(1000)[0] == (looked.node("registry"), 5000)


def test_what_only_new_objects_hold_is_new_where_its_own_age_is_in_doubt(looked: Looked) -> None:
    new = np.zeros(len(looked.after), dtype=bool)
    new[looked.node("made")] = True
    found = spread(looked.after, new, np.ones(len(looked.after), dtype=bool))
    assert {name for name in ("made.parts", "first", "shared", "old") if found[looked.node(name)]} == {
        "made.parts",
        "first",
    }
