"""New since an earlier snapshot, and grown since."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import outlive
from outlive.capture.snapshot import Snapshot, load
from outlive.heap.newness import Newness, spread


class Session:
    pass


def taken(folder: Path, name: str) -> Snapshot:
    outlive.snapshot(folder / name)
    return load(folder / name)


def of_type(snapshot: Snapshot, suffix: str) -> list[int]:
    wanted = [node for node, row in snapshot.types.items() if row.name.endswith(suffix)]
    types = snapshot.column("type")
    return [node for node in range(1, len(snapshot)) if types[node] in wanted]


def test_what_was_there_is_old_and_what_came_is_new(tmp_path: Path) -> None:
    kept = [Session() for _ in range(10)]
    before = taken(tmp_path, "before")
    kept += [Session() for _ in range(7)]
    after = taken(tmp_path, "after")
    fresh = Newness(before, after).is_new
    sessions = of_type(after, "test_newness.Session")
    assert len(sessions) == len(kept) == 17
    assert sum(fresh[node] for node in sessions) == 7


def test_a_snapshot_has_nothing_new_since_itself(tmp_path: Path) -> None:
    same = taken(tmp_path, "same")
    newness = Newness(same, same)
    assert not newness.is_new.any()
    assert newness.grown(1) == []


def test_the_container_that_grew_is_named_first(tmp_path: Path) -> None:
    registry: list[None] = [None] * 3
    before = taken(tmp_path, "before")
    registry += [None] * 5000
    after = taken(tmp_path, "after")
    (node, more), *_ = Newness(before, after).grown(1000)
    assert int(after.column("address")[node]) == id(registry)
    assert more == 5000


class Owner:
    def __init__(self) -> None:
        self.parts = {"first": [object()]}


def test_what_only_new_objects_hold_is_new_where_its_own_age_is_in_doubt(tmp_path: Path) -> None:
    old = Owner()
    shared = old.parts
    made = Owner()
    made.shared = shared  # type: ignore[attr-defined]
    heap = taken(tmp_path, "heap")
    addresses = {int(address): node for node, address in enumerate(heap.column("address"))}
    new = np.zeros(len(heap), dtype=bool)
    new[addresses[id(made)]] = True
    found = spread(heap, new, np.ones(len(heap), dtype=bool))
    assert found[addresses[id(made.parts)]]
    assert found[addresses[id(made.parts["first"])]]
    assert not found[addresses[id(shared)]]
    assert not found[addresses[id(old)]]
