"""One mistake keeps one identity: whatever is numbered otherwise in another run must not show in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_heap import SmallHeap, heap

from outlive.explain.explain import explain_asked
from outlive.explain.fingerprint import fingerprint
from outlive.explain.links import Chain, Link, steady

LINES = """
app: module old
app.registry: app.Registry old
app.registry.rows: list old
app.registry.rows[{index}]: app.Row step={step}
app.registry.rows[{index}].cell: app.Cell step={step}
"""


def prints(small: SmallHeap, type_name: str = "app.Cell") -> list[str]:
    return [one.fingerprint for one in explain_asked(small, small.nodes(type_name), small.context())]


@pytest.mark.any_python
@given(index=st.integers(0, 10**6), step=st.integers(0, 10**6), seed=st.integers())
def test_indices_steps_and_node_numbers_do_not_show(index: int, step: int, seed: int) -> None:
    plain = heap(LINES.format(index=0, step=0))
    other = heap(LINES.format(index=index, step=step))
    assert prints(relabelled(other, seed)) == prints(plain)


def relabelled(small: SmallHeap, seed: int) -> SmallHeap:
    """The same heap with its nodes numbered otherwise."""
    old = list(small.types)
    new = dict(zip(old, random.Random(seed).sample(range(1, 10_000), len(old))))
    held = [type(one)(new[one.source], new[one.target], one.label) for one in small.held]
    return SmallHeap(
        {new[node]: kind for node, kind in small.types.items()},
        {new[node]: said for node, said in small.said.items()},
        held,
        {name: new[node] for name, node in small.names.items()},
    )


@pytest.mark.any_python
@given(line=st.integers(1, 10**5), address=st.integers(1, 2**48))
def test_lines_and_addresses_do_not_show(line: int, address: int) -> None:
    def at(line: int, address: int) -> str:
        frame = Link(1, "x", "x", "frame", f"frame app.run (app.py:{line})")
        thing = Link(2, f"<local {address:#x}>", f"<local {address:#x}>", "app.Thing")
        return fingerprint("python-object", Chain((frame, thing), "thread", "frame", ""), (1,))

    assert at(line, address) == at(1, 1)


def test_threads_are_told_by_their_name_without_its_number() -> None:
    assert steady("thread 'worker-17' in app.run (app.py:30)") == steady("thread 'worker-3' in app.run (app.py:31)")


def test_numbered_attributes_are_two_mistakes() -> None:
    one, two = (heap(f"app: module old\napp.{name}: dict old\napp.{name}[0]: app.Row new") for name in ("a_1", "a_2"))
    assert prints(one, "app.Row") != prints(two, "app.Row")


def test_how_the_named_holder_is_reached_does_not_show() -> None:
    direct = heap("app: module old\napp.box: app.Box old\napp.box.rows: list old\napp.box.rows[0]: app.Row new")
    nested = heap(
        "app: module old\napp.boxes: dict old\napp.boxes['a']: app.Box old\n"
        "app.boxes['a'].rows: list old\napp.boxes['a'].rows[0]: app.Row new"
    )
    assert prints(direct, "app.Row") == prints(nested, "app.Row")


def test_length_of_a_linked_list_does_not_show() -> None:
    short = heap("app: module old\napp.head: app.Node new\napp.head.prev: app.Node new")
    long = heap(
        "app: module old\napp.head: app.Node new\napp.head.prev: app.Node new\napp.head.prev.prev: app.Node new"
    )
    assert set(prints(short, "app.Node")) == set(prints(long, "app.Node"))


def test_keys_and_values_of_a_dict_that_grows_are_one_mistake() -> None:
    small = heap("app: module old\napp.d: dict old\napp.d[1]: app.Row new\napp.d[<key 1>]: int new")
    assert prints(small, "app.Row") == prints(small, "int")


def test_what_hangs_on_an_object_held_by_native_code_is_the_same_mistake() -> None:
    small = heap("x: app.Doc new free extra=1\nx.page: app.Page new")
    found = [explain_asked(_natively_held(small), [node], small.context()) for node in small.types]
    assert len({one.fingerprint for (one,) in found}) == 1


def _natively_held(small: SmallHeap) -> SmallHeap:
    """The same heap with its first object as a root that native code holds."""
    small.said[1]["root"] = "native"
    return small
