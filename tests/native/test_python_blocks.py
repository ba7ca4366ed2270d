"""Blocks that C code under Python asked for: the line that called, who holds them, silence where nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from outlive.capture.blocks import load_blocks
from outlive.capture.blocks_twice import lost_blocks
from outlive.model.native_blocks import BlockClass, HolderKind

LEAKY = """
def lose(count):
    for _ in range(count):
        libc.malloc(1000)

def keep(count):
    kept = (ctypes.c_void_p * count)()
    for i in range(count):
        kept[i] = libc.malloc(500)
    return kept

step(1)
lose(300)
kept = keep(200)
look(sys.argv[1])
step(2)
lose(30)
look(sys.argv[2])
"""


@pytest.fixture(scope="module")
def leaky(recorded_python, tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaky")
    recorded_python(LEAKY, folder / "first", folder / "second")
    return load_blocks(folder / "first"), load_blocks(folder / "second")


def test_every_lost_block_is_found_with_its_python_line(leaky):
    (found,) = lost_blocks(*leaky)
    # A stale word in some living block may lead into one of them: that one is possible, and not lost.
    first = leaky[0]
    asked = (first.size == 1000) & (first.step == 1)
    assert int(np.count_nonzero(asked & (first.block_class <= BlockClass.POSSIBLE))) == 300
    assert 298 <= found.count <= 300
    assert (found.bytes, found.certain) == (found.count * 1000, True)
    assert [line.function for line in found.lines] == ["lose", "<module>"]
    assert found.lines[0].file == "<string>"


def test_the_native_stack_leads_through_ctypes_to_the_interpreter(leaky):
    (found,) = lost_blocks(*leaky)
    names = [frame.module.path.rpartition("/")[2] for frame in found.stack if frame.module]
    assert any("_ctypes" in name for name in names)
    assert any("python" in name for name in names)


def test_what_is_lost_later_is_in_the_second_look_only(leaky):
    first, second = leaky
    lost = second.block_class == BlockClass.LOST
    assert 28 <= int(np.count_nonzero(lost & (second.step == 2))) <= 30
    assert [group.steps for group in lost_blocks(first, second)] == [(1,)]


def test_blocks_in_a_ctypes_array_are_held_by_its_memory(leaky):
    look = leaky[0]
    rows = (look.size == 500) & (look.step == 1)
    assert int(np.count_nonzero(rows)) == 200
    assert set(look.block_class[rows].tolist()) == {BlockClass.HELD}
    assert set(look.holder_kind[rows].tolist()) <= {HolderKind.BLOCK, HolderKind.PYTHON}


def test_pools_of_python_are_read_and_nothing_in_them_is_lost(leaky):
    for look in leaky:
        assert look.facts["pools_read"] > 20
        assert look.facts["pools_unreadable"] == 0
        assert len(look.python_rows) == 0
        assert look.seen.doubts == ()


IMPORTS = """
look(sys.argv[1])
import asyncio, concurrent.futures, csv, decimal, email.message, http.server, json, logging.handlers, multiprocessing
import sqlite3, ssl, subprocess, threading, unittest, urllib.request, xml.etree.ElementTree, zipfile, zlib
json.loads(json.dumps(list(range(1000))))
ssl.create_default_context()
sqlite3.connect(":memory:").execute("select 1").fetchall()
xml.etree.ElementTree.fromstring("<a><b/></a>")
look(sys.argv[2])
look(sys.argv[3])
"""


@pytest.mark.slow
def test_importing_the_standard_library_loses_nothing(recorded_python, tmp_path):
    paths = [tmp_path / name for name in ("first", "second", "third")]
    recorded_python(IMPORTS, *paths)
    first, second, third = map(load_blocks, paths)
    assert lost_blocks(first, second) == ()
    assert lost_blocks(second, third) == ()
    assert third.seen.doubts == ()


MIDDLE = """
import numpy
arrays = [numpy.ones(1_000_000) for _ in range(25)]
table = {i: str(i) for i in range(200_000)}
for _ in range(10_000):
    libc.malloc(96)
look(sys.argv[1])
look(sys.argv[2])
"""


@pytest.mark.slow
def test_ten_thousand_are_found_in_a_process_with_arrays_and_dicts(recorded_python, tmp_path):
    recorded_python(MIDDLE, tmp_path / "first", tmp_path / "second")
    found = lost_blocks(load_blocks(tmp_path / "first"), load_blocks(tmp_path / "second"))
    planted = [
        group for group in found if group.lines and group.lines[0].function == "<module>" and group.bytes % 96 == 0
    ]
    assert sum(group.count for group in planted) >= 9_950
    assert found == tuple(planted)
