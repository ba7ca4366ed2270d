"""What an object holds, read by name from the snapshot alone."""

from __future__ import annotations

import pytest
from looking import heap_of, the

from outlive.heap import Heap
from outlive.heap.queries import BadQuery

PROGRAM = """
import collections, os, weakref
class Plain:
    kind = "a class attribute"
class Slotted(Plain):
    __slots__ = ("slot",)
class Mixed(Slotted):
    pass
class Mapping(dict): pass
class Listed(list): pass
class Tupled(tuple): pass
class Asked:
    def __getattr__(self, name): raise SystemExit("ran code of the program")
class Leaf: pass
class Watched: pass

plain = Plain(); plain.first, plain.second = Leaf(), None
mixed = Mixed(); mixed.slot, mixed.free = [1], True
mapping = Mapping(a=1, b=plain); mapping.extra = 3
listed = Listed([plain, 2, plain]); listed.extra = 3
tupled = Tupled((plain, 2))
asked = Asked()
named = {"u42": {"deep": [plain]}, 7: plain}
watched = Watched(); reference = weakref.ref(watched)
def handler(first, *, second=plain): return first
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("values"))


def the_global(heap: Heap, name: str) -> int:
    (node,) = heap.find(f"__main__.{name}")
    return node


def test_attributes_of_an_instance_are_found_by_name(heap: Heap) -> None:
    assert heap.attribute(the(heap, "Plain"), "first") == the(heap, "Leaf")


def test_an_attribute_that_is_not_there_is_nothing(heap: Heap) -> None:
    assert heap.attribute(the(heap, "Plain"), "third") == 0


def test_a_class_attribute_is_not_the_instances(heap: Heap) -> None:
    assert set(heap.attributes(the(heap, "Plain"))) == {"first", "second"}
    assert heap.attribute(heap.rows.type_node(the(heap, "Plain")), "kind") != 0


def test_slots_of_bases_and_free_attributes_are_found_together(heap: Heap) -> None:
    found = heap.attributes(the(heap, "Mixed"))
    assert heap.type_name(found["slot"]) == "list"
    assert heap.type_name(found["free"]) == "bool"


def test_a_dict_subclass_has_items_and_attributes(heap: Heap) -> None:
    node = the(heap, "Mapping")
    assert [heap.text(key) for key, _ in heap.items(node)] == ["a", "b"]
    assert heap.type_name(heap.attribute(node, "extra")) == "int"


def test_a_list_subclass_has_its_elements_in_order(heap: Heap) -> None:
    plain = the(heap, "Plain")
    elements = heap.elements(the(heap, "Listed"))
    assert [elements[0], elements[2]] == [plain, plain]
    assert heap.type_name(elements[1]) == "int"


def test_a_tuple_subclass_has_its_elements_in_order(heap: Heap) -> None:
    elements = heap.elements(the(heap, "Tupled"))
    assert elements[0] == the(heap, "Plain")
    assert heap.type_name(elements[1]) == "int"


def test_asking_for_an_attribute_runs_no_code(heap: Heap) -> None:
    assert heap.attribute(the(heap, "Asked"), "anything") == 0


def test_true_and_none_have_texts(heap: Heap) -> None:
    assert heap.text(heap.attribute(the(heap, "Mixed"), "free")) == "True"
    assert heap.text(heap.attribute(the(heap, "Plain"), "second")) == "None"


def test_a_weak_reference_knows_what_it_is_of(heap: Heap) -> None:
    assert heap.referent(the_global(heap, "reference")) == the(heap, "Watched")


def test_a_function_is_called_by_module_name_file_and_line(heap: Heap) -> None:
    line = PROGRAM.splitlines().index("def handler(first, *, second=plain): return first") + 1
    assert heap.what(the_global(heap, "handler")) == f"function __main__.handler (app.py:{line})"


def test_a_class_and_a_module_are_called_by_their_names(heap: Heap) -> None:
    assert heap.what(heap.rows.type_node(the(heap, "Plain"))) == "class __main__.Plain"
    assert heap.what(heap.modules.node_of("__main__")) == "module __main__"


def test_who_refers_to_an_object_is_known(heap: Heap) -> None:
    leaf = the(heap, "Leaf")
    referrers = heap.referrers(leaf)
    assert len(referrers) == 1
    assert heap.rows.targets(referrers[0].source)[referrers[0].position] == leaf


def test_counted_references_are_explained(heap: Heap) -> None:
    leaf = the(heap, "Leaf")
    assert heap.refcount(leaf) == 1
    assert heap.unexplained(leaf) == 0


@pytest.mark.parametrize(
    "query", ["__main__.plain", "__main__.named['u42']['deep'][0]", "__main__.named[7]", "__main__.mapping['b']",
              "__main__.listed[-1]", "Plain", "__main__.Plain"],
)  # fmt: skip
def test_a_query_finds_the_object(heap: Heap, query: str) -> None:
    assert heap.find(query) == [the(heap, "Plain")]


def test_a_query_may_be_an_address_or_a_number(heap: Heap) -> None:
    node = the(heap, "Plain")
    address = int(heap.snapshot.column("address")[node])
    assert heap.find(hex(address)) == [node]
    assert heap.find(f"#{node}") == [node]


@pytest.mark.parametrize(
    "query", ["", "NoSuchType", "__main__.nothing", "__main__.named['nobody']", "0x10", "0xzz", "#0", "#99999999999",
              "#x", "__import__('os')", "__main__.plain()", "(" * 5000, "a" * 100_000],
)  # fmt: skip
def test_a_query_that_names_nothing_is_refused_in_words(heap: Heap, query: str) -> None:
    with pytest.raises(BadQuery):
        heap.find(query)
