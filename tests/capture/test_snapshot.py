"""Snapshots of this very process: what must be in them, and that taking them changes nothing."""

from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import outlive
from outlive import _core
from outlive.capture.snapshot import Snapshot, load, take


class Holder:
    """Something with a name that no one else has."""

    def __init__(self, held: object) -> None:
        self.held = held


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heap.outlive"


def function_with_constants() -> str:
    return "a constant of a code object"


class Things:
    """One of each sort of thing whose references or size some test looks up."""

    def __init__(self) -> None:
        self.held = [b"untracked bytes"]
        self.holder = Holder(self.held)
        self.mapping = {"key of a dict": self.holder, 7: "value"}
        self.everything = (self.mapping, {1.5, "in a set"}, frozenset(("frozen",)))
        self.elements = [Holder(number) for number in range(5)]
        self.sized = [["text", "täxt", "文字", "x" * 500, 5, -(10**40), 1.5, b"bytes", bytearray(50), (1, 2)],
                      [[1] * 9, {"a": 1}, {1, 2, 3}, set(range(100)), {i: i for i in range(100)}, len, [].append],
                      [range(7), slice(1), object(), memoryview(b"x")]]  # fmt: skip


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Things]:
    """One snapshot for all that only read it, and what was alive when it was taken."""
    things = Things()
    file = tmp_path_factory.mktemp("shown") / "heap.outlive"
    assert take(file).explained_share > 0.96
    return load(file), things


def node_of(snapshot: Snapshot, thing: object) -> int:
    found = np.flatnonzero(snapshot.column("address") == np.uint64(id(thing)))
    assert len(found) == 1, f"{thing!r} stands {len(found)} times in the snapshot"
    return int(found[0])


def targets_of(snapshot: Snapshot, thing: object) -> set[int]:
    start = snapshot.column("edge_start")
    node = node_of(snapshot, thing)
    numbers = snapshot.column("targets")[int(start[node]) : int(start[node + 1])]
    return {int(address) for address in snapshot.column("address")[numbers]}


def test_no_object_has_more_references_than_it_counts(file: Path) -> None:
    check = take(file)
    assert check.fewer == 0
    assert check.broken_links == 0
    assert check.impossible == 0


def test_nearly_all_reference_counts_are_explained(shown: tuple[Snapshot, Things]) -> None:
    assert shown[0].self_check.explained_share > 0.96


def test_what_holds_what_is_shown(shown: tuple[Snapshot, Things]) -> None:
    snapshot, things = shown
    mapping, everything = things.mapping, things.everything
    assert id(things.held[0]) in targets_of(snapshot, things.held)
    assert {id(mapping), id(everything[1]), id(everything[2])} <= targets_of(snapshot, everything)
    assert {id(key) for key in mapping} <= targets_of(snapshot, mapping)
    assert id(things.holder) in targets_of(snapshot, mapping)
    assert {id(one) for one in everything[1]} == targets_of(snapshot, everything[1])


def test_instances_hold_their_attributes_and_their_class(shown: tuple[Snapshot, Things]) -> None:
    snapshot, things = shown
    targets = targets_of(snapshot, things.holder)
    if sys.version_info < (3, 11):  # there the attributes stand in the instance's dict
        targets |= targets_of(snapshot, things.holder.__dict__)
    assert {id(things.held), id(Holder)} <= targets


def test_code_objects_show_their_constants(shown: tuple[Snapshot, Things]) -> None:
    code = function_with_constants.__code__
    assert {id(code.co_consts), id(code.co_names), id(code.co_filename)} <= targets_of(shown[0], code)


def test_locals_of_running_frames_are_shown(file: Path) -> None:
    only_a_local = Holder(None)
    check = take(file)
    snapshot = load(file)
    node = node_of(snapshot, only_a_local)
    holders = np.flatnonzero(snapshot.column("targets") == node)
    assert len(holders) >= 1, "a local of the running function has no holder"
    assert check.fewer == 0


def test_locals_of_other_threads_are_shown(file: Path) -> None:
    ready, done = threading.Event(), threading.Event()

    def wait_with_a_local() -> None:
        local_of_a_thread = Holder(["thread"])
        names.append(id(local_of_a_thread))
        ready.set()
        done.wait()
        del local_of_a_thread

    names: list[int] = []
    thread = threading.Thread(target=wait_with_a_local)
    thread.start()
    ready.wait()
    take(file)
    done.set()
    thread.join()
    snapshot = load(file)
    node = int(np.flatnonzero(snapshot.column("address") == np.uint64(names[0]))[0])
    assert len(np.flatnonzero(snapshot.column("targets") == node)) == 1


def test_static_types_show_their_dict_and_mro(shown: tuple[Snapshot, Things]) -> None:
    assert id(int.__mro__) in targets_of(shown[0], int)


def test_lists_keep_the_position_of_every_element(shown: tuple[Snapshot, Things]) -> None:
    snapshot, things = shown
    start = snapshot.column("edge_start")
    node = node_of(snapshot, things.elements)
    targets = snapshot.column("targets")[int(start[node]) : int(start[node + 1])]
    assert [int(snapshot.column("address")[t]) for t in targets] == [id(one) for one in things.elements]


def test_sizes_are_those_of_getsizeof(shown: tuple[Snapshot, Things]) -> None:
    snapshot, things = shown
    sizes = snapshot.sizes()
    every = [thing for row in things.sized for thing in row]
    assert [int(sizes[node_of(snapshot, thing)]) for thing in every] == [sys.getsizeof(thing) for thing in every]


def test_names_of_keys_and_types_are_kept(shown: tuple[Snapshot, Things]) -> None:
    snapshot, things = shown
    key = next(iter(things.mapping))
    assert snapshot.texts[node_of(snapshot, key)] == key
    assert snapshot.types[node_of(snapshot, Holder)].name == f"{__name__}.Holder"
    assert snapshot.counts_by_type()[f"{__name__}.Holder"][0] >= 1 + len(things.elements)


def test_taking_a_snapshot_changes_no_reference_count(file: Path) -> None:
    thing = Holder("x")
    before = sys.getrefcount(thing)
    take(file)
    assert sys.getrefcount(thing) == before


BLOCKS_OF_30 = """
import gc, sys
from outlive.capture.snapshot import take
def blocks_after(rounds):
    for _ in range(rounds):
        take(sys.argv[1])
    gc.collect()
    return sys.getallocatedblocks()
blocks_after(6)
print(-blocks_after(3) + blocks_after(30))
"""


@pytest.mark.slow
def test_taking_snapshots_leaves_no_block_behind(file: Path) -> None:
    """In a process of its own, where nobody else takes blocks and the heap is small."""
    done = subprocess.run([sys.executable, "-c", BLOCKS_OF_30, str(file)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20


def test_an_instance_gets_no_dict_from_being_walked(file: Path) -> None:
    holders = [Holder(number) for number in range(200)]
    take(file)
    first = load(file).counts_by_type()["dict"][0]
    take(file)
    assert abs(load(file).counts_by_type()["dict"][0] - first) < 50 < len(holders)


def test_the_collector_stays_as_it_was(file: Path) -> None:
    gc.disable()
    try:
        take(file)
        assert not gc.isenabled()
    finally:
        gc.enable()
    take(file)
    assert gc.isenabled()


def test_the_file_is_private_and_replaces_the_old_one_whole(file: Path) -> None:
    file.write_bytes(b"something else")
    take(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_folder_that_is_not_there_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take(tmp_path / "nowhere" / "heap.outlive")
    assert list(tmp_path.iterdir()) == []


def test_snapshot_is_reachable_from_the_package(file: Path) -> None:
    assert outlive.snapshot(file).nodes == len(outlive.load_snapshot(file)) - 1


def test_the_self_check_survives_the_file(file: Path) -> None:
    check = take(file)
    again = load(file).self_check
    assert (check.nodes, check.exact, check.more, check.refused) == (
        again.nodes,
        again.exact,
        again.more,
        again.refused,
    )
    assert "false references" in str(again)


def test_compressed_columns_say_the_same(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    check = take(file, compress=True)
    snapshot = load(file)
    assert len(snapshot) - 1 == check.nodes
    assert file.stat().st_size < 25 * check.nodes


def test_forgotten_references_of_native_code_are_told_by_type(file: Path) -> None:
    class Forgotten:
        pass

    import ctypes

    things = [Forgotten() for _ in range(50)]
    census = _core.Census()
    from outlive.capture.census_frame import CensusDecoder
    from outlive.model.series import CounterKey

    decoder = CensusDecoder()
    key = CounterKey("references", f"{__name__}.{Forgotten.__qualname__}")
    census.take()
    before = decoder.decode(census.frame())[key]
    for thing in things:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
    census.take()
    after = decoder.decode(census.frame())[key]
    for thing in things:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(thing))
    assert after - before == 50


@pytest.mark.slow
def test_asyncio_on_early_312_is_refused_and_not_followed(tmp_path: Path) -> None:
    """cpython#122695: its module state shows freed objects on 3.12.0-3.12.5; elsewhere nothing is refused."""
    code = (
        "import asyncio, sys, outlive\n"
        "async def main():\n"
        "    await asyncio.gather(*(asyncio.sleep(0) for _ in range(200)))\n"
        "for _ in range(3): asyncio.run(main())\n"
        f"check = outlive.snapshot({os.fspath(tmp_path / 'a')!r})\n"
        "print(check.refused, check.fewer)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = "1 0" if (3, 12, 0) <= sys.version_info < (3, 12, 6) else "0 0"
    assert done.stdout.split("\n")[0] == expected


def test_every_column_is_documented(file: Path) -> None:
    take(file)
    page = (Path(__file__).parents[2] / "docs" / "reference" / "snapshot-format.md").read_text(encoding="utf-8")
    for name in load(file).container.names:
        assert f"`{name}`" in page, f"{name} is not in docs/reference/snapshot-format.md"
