from __future__ import annotations

import ctypes
import gc
import sys

import pytest

from outlive.probes import blocks, gc_objects, interpreters, native_heap
from outlive.probes.refusals import OwnProcessOnly


class Kept:
    class Inner:
        pass


def test_kept_objects_show_in_blocks():
    before = blocks.read()["blocks"]
    kept = [object() for _ in range(1000)]
    assert 1000 <= blocks.read()["blocks"] - before <= 1010
    assert len(kept) == 1000


def test_objects_are_counted_by_qualified_name():
    kept = [Kept.Inner() for _ in range(7)]
    assert gc_objects.count_by_type()[f"{__name__}.Kept.Inner"] == len(kept)


def test_the_count_is_the_sum_over_types():
    gc.collect()
    by_type, total = sum(gc_objects.count_by_type().values()), gc_objects.count()
    assert abs(by_type - total) <= gc.get_freeze_count() + 20


def test_counting_runs_no_code_of_a_hostile_metaclass():
    class Hostile(type):
        def __getattribute__(cls, name: str) -> object:
            raise AssertionError("looked up")

        def __hash__(cls) -> int:
            raise AssertionError("hashed")

    made = Hostile("Made", (), {"__module__": 7})
    kept = type.__call__(made)
    assert gc_objects.count_by_type()["Made"] >= 1
    del kept


def test_malloc_of_c_code_shows_in_the_native_heap():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    before = native_heap.in_use_bytes()
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(3_000_000)))
    grown = native_heap.in_use_bytes() - before
    libc.free(block)
    assert 3_000_000 <= grown < 3_200_000


def test_the_native_heap_is_the_same_with_and_without_the_core():
    with_core, without = native_heap._from_core(), native_heap._from_ctypes()
    if with_core is None:
        pytest.skip("this build has no native core")
    assert abs(with_core() - without()) < 64 * 1024


def test_a_new_interpreter_is_counted_until_it_is_destroyed():
    module = __import__("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
    before = interpreters.count()
    made = module.create()
    during = interpreters.count()
    module.destroy(made)
    assert (during, interpreters.count()) == (before + 1, before)


@pytest.mark.parametrize("probe", [blocks, gc_objects, native_heap, interpreters])
def test_another_process_is_refused(probe):
    with pytest.raises(OwnProcessOnly, match="inside the process itself"):
        probe.read(1)
