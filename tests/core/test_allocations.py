"""The watch over allocations, in a program of its own: what stays is told with its place, what goes is not."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

_PROGRAM = """
import ctypes, json, os, sys, threading
from outlive import _core

class Thing:
    pass

api = ctypes.pythonapi
api.PyObject_Malloc.restype = api.PyMem_Realloc.restype = ctypes.c_void_p
api.PyObject_Malloc.argtypes = [ctypes.c_size_t]
api.PyMem_Realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
api.PyObject_Free.argtypes = [ctypes.c_void_p]
kept, told = [], {}

def lose():
    api.PyObject_Malloc(333)
def borrow():
    api.PyObject_Free(api.PyObject_Malloc(444))
def grow():
    api.PyMem_Realloc(api.PyMem_Realloc(None, 100), 555)
def keep():
    kept.append(Thing())
def work():
    for _ in range(300):
        [Thing() for _ in range(10)]

told["before"] = _core.watch_allocations()
told["twice"] = _core.watch_allocations()
threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads:
    one.start()
for _ in range(20):
    lose(), borrow(), grow(), keep()
for one in threads:
    one.join()
child = os.fork()
if child == 0:
    for _ in range(50):
        lose()
    rows = _core.tell_allocations({}, 40)["rows"]
    os._exit(len(rows))
told["child"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
_core.end_allocations()
told["not-forgotten"] = _core.watch_allocations()
told |= _core.tell_allocations({id(Thing): "Thing"}, 15)
_core.forget_allocations()
lose()
told["again"] = _core.watch_allocations()
told["after"] = _core.tell_allocations({}, 1)["seen"]
_core.forget_allocations()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _rows(told: dict[str, Any], function: str, size: int = 0) -> list[dict[str, Any]]:
    return [row for row in told["rows"] if row["lines"][0][2] == function and size in (0, row["size"])]


def test_a_block_that_stays_is_told_with_its_line(told: dict[str, Any]) -> None:
    rows = _rows(told, "lose", 333)
    assert sum(row["count"] for row in rows) == 18  # of the first two the native frames are not known
    assert [line[2] for line in rows[0]["lines"]] == ["lose", "<module>"]
    assert rows[0]["kinds"] == {"": 18}


def test_the_native_frames_beneath_the_line_are_told(told: dict[str, Any]) -> None:
    (row,) = _rows(told, "lose", 333)
    modules = [path.rpartition("/")[2] for path, *_ in row["native"]]
    assert any(module.startswith("_ctypes") for module in modules)
    assert not any(module.startswith("_core") for module in modules)


def test_a_block_that_is_freed_is_not_told(told: dict[str, Any]) -> None:
    assert _rows(told, "borrow") == []


def test_a_block_that_moves_is_one_block_of_its_last_size(told: dict[str, Any]) -> None:
    assert [row["size"] for row in _rows(told, "grow")] == [555]


def test_an_object_is_known_by_its_type(told: dict[str, Any]) -> None:
    assert {"Thing": 18} in [row["kinds"] for row in _rows(told, "keep")]


def test_one_watch_at_a_time_until_it_is_forgotten(told: dict[str, Any]) -> None:
    assert (told["before"], told["twice"], told["not-forgotten"], told["again"]) == (True, False, False, True)


def test_a_forked_child_is_not_watched(told: dict[str, Any]) -> None:
    assert told["child"] == 0


def test_threads_that_allocate_beside_it_lose_nothing(told: dict[str, Any]) -> None:
    assert _rows(told, "work") == _rows(told, "<listcomp>") == []
    assert told["seen"] > 12_000
    assert told["missed"] <= told["seen"] // 100


def test_what_is_taken_before_the_watch_is_not_counted(told: dict[str, Any]) -> None:
    assert told["after"] < 20


_REUSING = """
import ctypes, gc, json, sys
from outlive import _core

api = ctypes.pythonapi
api.Py_IncRef.argtypes = [ctypes.py_object]

def make_and_drop():
    return len((object, sys)[0:2])
def lose(number):
    pair = tuple([str(number), number])
    api.Py_IncRef(pair)
def step(number):
    make_and_drop()
    first = [number, number]
    second = tuple(first)
    del second
    lose(number)

gc.collect()
gc.freeze()
_core.watch_allocations()
if sys.argv[1] == "emptied":
    _core.empty_free_lists(10_000)
for number in range(1000, 1020):
    step(number)
ran_out = not _core.empty_free_lists(0)
gc.unfreeze()
gc.collect()
told = _core.tell_allocations({id(tuple): "tuple", id(str): "str"}, 15)
print(json.dumps([row for row in told["rows"] if "tuple" in row["kinds"] or "str" in row["kinds"]] + [ran_out]))
"""


@cache
def _lost_pairs(way: str) -> tuple[list[dict[str, Any]], bool]:
    """Rows with tuples or texts, and whether there were more events than were wanted."""
    done = subprocess.run([sys.executable, "-c", _REUSING, way], capture_output=True, text=True, check=True, timeout=60)
    *rows, ran_out = json.loads(done.stdout)
    return rows, ran_out


@pytest.mark.parametrize("way", ["emptied", "as they are"])
def test_with_empty_free_lists_a_tuple_s_block_is_of_the_line_that_made_it(way: str) -> None:
    """Without, it is of the line that took the block first, for another tuple."""
    rows, ran_out = _lost_pairs(way)
    made_at = {row["lines"][0][2] for row in rows if "tuple" in row["kinds"]}
    assert not ran_out
    assert (made_at == {"lose"}) == (way == "emptied")


def test_what_a_lost_tuple_refers_to_is_told_as_under_it() -> None:
    rows, _ = _lost_pairs("emptied")
    (pairs,) = [row for row in rows if "tuple" in row["kinds"]]
    (texts,) = [row for row in rows if "str" in row["kinds"]]
    assert (texts["under"], texts["referred_to"]) == (pairs["pile"], texts["count"])
    assert pairs["referred_to"] <= 1  # an old word of a frame may still name the last one
