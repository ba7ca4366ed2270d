"""Rings through objects that hide what they hold: one finding for a ring, and none where something else keeps it."""

from __future__ import annotations

from small_heap import SmallHeap, heap

from outlive.explain.explain import explain_asked
from outlive.model.explanation import Explanation

RING = """
x: app.Doc new free extra=1
x.reader: lib.Reader new
x.reader ~> x
x.lines: list_iterator new
"""


def explained(small: SmallHeap, *types: str) -> tuple[Explanation, ...]:
    nodes = [node for kind in types for node in small.nodes(kind)]
    return explain_asked(small, nodes, small.context())


def test_ring_names_what_hides_the_reference() -> None:
    (found,) = explained(heap(RING), "app.Doc")
    assert found.sentence == (
        "A cycle through `lib.Reader`, which hides its references from the collector, most likely keeps each Doc that "
        "app.handle (app.py:88) makes; nothing else holds it."
    )
    assert found.held_by == "lib.Reader"


def test_way_round_begins_at_the_hidden_reference() -> None:
    (found,) = explained(heap(RING), "app.Doc")
    assert [(hop.label, hop.type, hop.faulty) for hop in found.path] == [
        ("a cycle through", "lib.Reader", False),
        ("<hidden reference>", "app.Doc", True),
    ]


def test_what_hangs_on_the_ring_is_the_same_finding() -> None:
    (found,) = explained(heap(RING), "app.Doc", "list_iterator")
    assert found.explained == found.sampled == 2
    assert found.types == ("app.Doc", "list_iterator")


def test_advice_is_about_hidden_references() -> None:
    (found,) = explained(heap(RING), "app.Doc")
    assert [one.id for one in found.advice] == ["hidden-references"]


def test_ring_that_native_code_holds_besides_is_not_blamed() -> None:
    (found,) = explained(heap(RING.replace("extra=1", "extra=2")), "app.Doc")
    assert found.sentence.startswith("2 references owned by native code keep each Doc")


def test_reader_of_an_object_that_is_held_is_not_blamed() -> None:
    small = heap("app: module old\napp.docs: list old\napp.docs[0]: app.Doc new\napp.docs[0].p: lib.Reader new")
    (found,) = explained(small, "app.Doc")
    assert "Reader" not in found.sentence


OF_TWO = "x: app.Doc new free extra=1\nx.r: lib.Reader new\nx.r ~> x\ny: app.Doc new free extra=1\ny.r: lib.Reader new"


def test_its_likes_whose_memory_was_not_looked_at_are_counted_with_it() -> None:
    small = heap(OF_TWO)
    small.left_out = True
    (found,) = explained(small, "app.Doc")
    assert found.held_by == "lib.Reader"
    assert found.explained == 2


def test_its_likes_whose_memory_tells_nothing_are_apart() -> None:
    ring, lost = explained(heap(OF_TWO), "app.Doc")
    assert (ring.held_by, lost.held_by) == ("lib.Reader", "native code")
