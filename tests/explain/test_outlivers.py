"""Which objects a finding is about: made since the earlier look, alive now, those that it is about first."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import outlive
from outlive.capture.snapshot import load
from outlive.explain.outlivers import Outlivers
from outlive.heap.heap import Heap
from outlive.model.packages import Packages
from outlive.model.verdict import Evidence, Finding, Rate

pytestmark = pytest.mark.slow

ONCE, NOTHING = Rate(1.0, 1.0, 1.0), Rate(0.0, 0.0, 0.0)
HERE = __name__


class Session:
    pass


class Aside:
    pass


class Worker(threading.Thread):
    pass


def row(of: str) -> Evidence:
    return Evidence("objects", of, ONCE, 1000, 0, 1000, 20, 0, 1e6)


def finding(*types: str, kind: str = "python-object") -> Finding:
    return Finding(kind, types[0], ONCE, NOTHING, (row(types[0]),), "f", with_it=tuple(row(of) for of in types[1:]))


def looked_at(folder: Path, before: list[object], after: list[object], make: type) -> Outlivers:
    outlive.snapshot(folder / "before")
    after += [make() for _ in range(5)]
    outlive.snapshot(folder / "after")
    return Outlivers(Heap(load(folder / "after")), 0, load(folder / "before"))


def test_what_was_there_before_is_no_outliver(tmp_path: Path) -> None:
    old: list[object] = [Session() for _ in range(7)]
    new: list[object] = []
    outlivers = looked_at(tmp_path, old, new, Session)
    nodes = outlivers.of(finding(f"{HERE}.Session"))
    addresses = load(tmp_path / "after").column("address")
    assert {int(addresses[node]) for node in nodes} == {id(one) for one in new}


def test_types_that_the_finding_does_not_name_are_left_out(tmp_path: Path) -> None:
    new: list[object] = []
    outlivers = looked_at(tmp_path, [], new, Aside)
    assert outlivers.of(finding(f"{HERE}.Session")) == []


def test_of_a_thread_the_thread_objects_come_first(tmp_path: Path) -> None:
    new: list[object] = []
    outlivers = looked_at(tmp_path, [], new, Worker)
    heap = Heap(load(tmp_path / "after"))
    nodes = outlivers.of(finding("threading.Condition", "set", f"{HERE}.Worker", kind="thread"))
    assert heap.type_name(nodes[0]) == f"{HERE}.Worker"
    assert {heap.type_name(node) for node in nodes} >= {"threading.Condition"}


def test_age_is_known_of_old_and_new_and_growth_of_containers(tmp_path: Path) -> None:
    old: list[object] = [Session()]
    new: list[object] = []
    outlivers = looked_at(tmp_path, old, new, Session)
    context = outlivers.context(Packages(), frozenset())
    node_of = {int(address): node for node, address in enumerate(load(tmp_path / "after").column("address"))}
    assert context.is_new(node_of[id(new[0])]) is True
    assert context.is_new(node_of[id(old[0])]) is False
    assert context.grew(node_of[id(new)]) == 5


def test_a_container_that_grew_is_found_by_its_type(tmp_path: Path) -> None:
    kept: list[object] = []
    outlive.snapshot(tmp_path / "before")
    kept += [None] * 1000
    outlive.snapshot(tmp_path / "after")
    outlivers = Outlivers(Heap(load(tmp_path / "after")), 0, load(tmp_path / "before"))
    addresses = load(tmp_path / "after").column("address")
    grown = outlivers.grown(finding("list"))
    assert int(addresses[grown[0]]) == id(kept)
