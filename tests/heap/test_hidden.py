"""Hidden references: what objects of C hold and do not show is found in their memory, and what is borrowed is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from looking import heap_of, the
from lossy_extension import build

from outlive.heap import Heap
from outlive.heap.hidden import IN_THE_OBJECT

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")

PROGRAM = """
import sys, gc, zlib
sys.path.insert(0, {folder!r})
import lossy
gc.disable()

class Node: pass
class Held: pass
class Boxed: pass
class Borrowed: pass
class Plain: pass
class Array: pass
class LostInRing: pass
class Below: pass
class Derived(lossy.Hider): pass
class OfDerived: pass

def ring(kind, by, times=5):
    for _ in range(times):
        one = kind()
        one.part = by(one)

ring(Node, lossy.Hider)                       # a cycle through an object's own memory
ring(Boxed, lossy.Boxer)                      # ... through a block of it
ring(OfDerived, Derived)                      # ... through a class derived from one that hides
ring(Array, lambda one: [one])                # a cycle that the collector will find
below = Node(); below.below = Below(); below.part = lossy.Hider(below); del below

kept = [lossy.Hider(Held())]                  # held rightly, by a global
borrowers = []
for _ in range(4):
    thing = Borrowed()
    borrowers.append((thing, lossy.Borrower(thing)))
lost = Borrowed()
borrower_of_lost = lossy.Borrower(lost)
lossy.peek(lost); del lost, thing

one = LostInRing(); one.part = lossy.Hider(one); lossy.peek(one); del one
plain = Plain(); lossy.peek(plain); del plain
words = type("Words", (bytearray,), {{}})(b"get post")
words.reader = zlib.decompressobj(zdict=words); del words
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    folder = tmp_path_factory.mktemp("hidden")
    build(folder)
    return heap_of(PROGRAM.format(folder=str(folder)), folder)


def of(heap: Heap, name: str) -> list[int]:
    return [int(node) for node in heap.nodes_of_type(f"__main__.{name}")]


def through(heap: Heap, name: str) -> set[str]:
    found = [heap.hidden_cycle(node) for node in of(heap, name)]
    return {heap.type_name(one.through) if one is not None else "" for one in found}


def test_reference_in_an_objects_own_memory_is_found(heap: Heap) -> None:
    (reference,) = heap.hidden_referrers(the(heap, "Held"))
    assert heap.type_name(reference.source) == "lossy.Hider"
    assert (reference.place, reference.in_block) == (16, IN_THE_OBJECT)


def test_path_leads_through_the_object_that_hides(heap: Heap) -> None:
    path = heap.path(the(heap, "Held"))
    assert path is not None
    assert path.expression == "__main__.kept[0] <hidden reference>"


def test_reference_in_a_block_of_an_object_is_found(heap: Heap) -> None:
    found = [heap.hidden_referrers(node) for node in of(heap, "Boxed")]
    assert {(heap.type_name(one.source), one.place, one.in_block) for (one,) in found} == {("lossy.Boxer", 24, 24)}


@pytest.mark.parametrize(
    ("kind", "hides"), [("Node", "lossy.Hider"), ("Boxed", "lossy.Boxer"), ("OfDerived", "__main__.Derived")]
)
def test_cycle_through_a_type_that_hides_is_told(heap: Heap, kind: str, hides: str) -> None:
    assert through(heap, kind) == {hides}


def test_what_hangs_on_a_hidden_cycle_is_kept_by_it(heap: Heap) -> None:
    assert through(heap, "Below") == {"lossy.Hider"}


def test_cycle_through_an_untracked_object_that_only_we_can_read_is_hidden_too(heap: Heap) -> None:
    assert through(heap, "Words") == {"zlib.Decompress"}


def test_cycle_that_the_collector_will_find_is_no_hidden_one(heap: Heap) -> None:
    assert through(heap, "Array") == {""}


def test_borrowed_pointer_is_no_reference(heap: Heap) -> None:
    assert not any(heap.hidden_referrers(node) for node in of(heap, "Borrowed"))


def test_lost_reference_to_a_part_of_a_ring_outweighs_the_ring(heap: Heap) -> None:
    (node,) = of(heap, "LostInRing")
    assert heap.routes.hidden.unexplained[node] == 1
    assert heap.hidden_cycle(node) is None


def test_lost_reference_that_no_memory_accounts_for_stays_unexplained(heap: Heap) -> None:
    node = the(heap, "Plain")
    assert not heap.hidden_referrers(node)
    assert heap.unexplained(node) == 1


def test_no_more_is_explained_than_is_counted(heap: Heap) -> None:
    assert int(heap.routes.hidden.unexplained.min()) >= 0


def test_graph_with_hidden_references_has_them_beside_those_that_are_shown(heap: Heap) -> None:
    graph = heap.routes.with_hidden
    assert len(graph) == len(heap.graph)
    assert int(graph.referrer_counts.sum()) == int(heap.graph.referrer_counts.sum()) + len(heap.routes.hidden)


def test_every_type_of_the_standard_library_is_read_without_harm(tmp_path: Path) -> None:
    program = """
import array, bz2, collections, csv, ctypes, datetime, decimal, functools, hashlib, io, itertools, json, lzma, mmap
import operator, pickle, queue, re, select, socket, sqlite3, ssl, struct, threading, types, zlib, contextvars
things = [
    array.array("d", [1.5]), bz2.BZ2Compressor(), decimal.Decimal("1.1"), hashlib.sha256(), io.BytesIO(b"x"),
    re.compile("x"), json.JSONEncoder(), lzma.LZMACompressor(), mmap.mmap(-1, 4096), pickle.Pickler(io.BytesIO()),
    queue.SimpleQueue(), select.epoll(), socket.socket(), sqlite3.connect(":memory:"), ssl.create_default_context(),
    struct.Struct("i"), threading.RLock(), threading.local(), zlib.compressobj(), datetime.timedelta(1),
    functools.partial(print), ctypes.c_int(3), ctypes.pointer(ctypes.c_int(4)), operator.itemgetter(1),
    itertools.count(), memoryview(b"x"), contextvars.ContextVar("x"), csv.writer(io.StringIO()),
    collections.OrderedDict(a=1), types.SimpleNamespace(a=1),
]
"""
    heap = heap_of(program, tmp_path)
    assert int(heap.routes.hidden.unexplained.min()) >= 0
    assert heap.snapshot.blocks_were_read
    assert heap.snapshot.self_check.fewer == 0
