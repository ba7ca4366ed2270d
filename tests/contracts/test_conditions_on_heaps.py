"""What conditions say of real objects: yes, no, and "cannot be told", of which nobody is accused."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outlive.capture.snapshot import load, take
from outlive.contracts.conditions import condition_of
from outlive.explain.face import Face
from outlive.explain.resource_state import has_ended, is_idle, resource_nodes
from outlive.heap.heap import Heap
from outlive.model.contracts import Resource

Asks = Callable[..., "bool | None"]


class Plain:
    on_class = None

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    @property
    def computed(self) -> bool:
        return True


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class Base:
    pass


class Derived(Base):
    pass


class Further(Derived):
    pass


def resource(*ended: str, of: str = "x.Y", idle: tuple[str, ...] = ()) -> Resource:
    return Resource(of, "thing", "end()", "", tuple(map(condition_of, ended)), tuple(map(condition_of, idle)))


def nothing() -> None:
    pass


class Objects:
    """All that is asked about, in one snapshot."""

    def __init__(self) -> None:
        self.closed = Plain(closed=True, count=7, name=None, items=[], more={1: 2})
        self.open = Plain(closed=False, name="x", items=[1], inner=Plain(closed=True), set=set())
        self.pool = Plain(
            none=[Plain(sock=None), None, Plain()], some={1: Plain(sock=None), 2: Plain(sock=self.open)}, empty=[],
            nested=[Plain(inner=[Plain(sock=self.open)]), Plain(inner=None)], number=3, doubtful=[Plain(sock=nothing)],
        )  # fmt: skip
        self.unset = Slotted(first=False)
        self.apart = Slotted(first=False, second=True)
        self.created, self.finished = threading.Thread(target=nothing), threading.Thread(target=nothing)
        self.finished.start()
        self.finished.join()
        self.running = threading.main_thread()
        self.alive, self.dead = weakref.finalize(self.closed, nothing), weakref.finalize(self.closed, nothing)
        self.dead.detach()
        self.base, self.derived, self.further = Base(), Derived(), Further()


@pytest.fixture(scope="module")
def objects() -> Objects:
    return Objects()


@pytest.fixture(scope="module")
def heap(objects: Objects, tmp_path_factory: pytest.TempPathFactory) -> Heap:
    file = tmp_path_factory.mktemp("conditions") / "snapshot"
    take(Path(file))
    return Heap(load(file))


@pytest.fixture(scope="module")
def ended(objects: Objects, heap: Heap) -> Asks:
    face = Face(heap)

    def asks(name: str, *conditions: str) -> bool | None:
        return has_ended(face, heap.node_at(id(getattr(objects, name))), resource(*conditions))

    return asks


@pytest.mark.parametrize(
    ("name", "condition", "answer"),
    [
        ("closed", "closed is true", True),
        ("open", "closed is true", False),
        ("open", "closed is false", True),
        ("closed", "name is none", True),
        ("open", "name is none", False),
        ("closed", "name is set", False),
        ("open", "name is set", True),
        ("closed", "items is empty", True),
        ("open", "items is empty", False),
        ("closed", "more is empty", False),
        ("open", "set is empty", True),
        ("open", "inner.closed is true", True),
        ("closed", "missing is absent", True),
        ("closed", "name is absent", False),
        ("closed", "on_class is none", True),
        ("closed", "on_class is set", False),
        ("pool", "none[].sock is none", True),
        ("pool", "none[].sock is set", False),
        ("pool", "some[].sock is none", False),
        ("pool", "some[].sock is set", True),
        ("pool", "some[].sock.closed is false", True),
        ("pool", "empty[].sock is none", True),
        ("pool", "empty[].sock is set", False),
        ("pool", "nested[].inner[].sock is none", False),
        ("pool", "nested[].inner[].sock.name is 'x'", True),
    ],
)
def test_condition_is_answered_where_the_heap_shows_it(ended: Asks, name: str, condition: str, answer: bool) -> None:
    assert ended(name, condition) is answer


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("closed", "missing is true"),  # another version's attribute
        ("closed", "inner.closed is true"),
        ("closed", "name.closed is true"),
        ("closed", "computed is true"),  # a property is code
        ("closed", "count is true"),  # a number is no yes
        ("closed", "closed is closed"),  # a truth value has no native state
        ("closed", "count is empty"),
        ("pool", "missing[].sock is none"),
        ("pool", "number[].sock is none"),  # no collection
        ("pool", "doubtful[].sock is true"),
        ("unset", "second is true"),  # a slot that does not show may be empty, or its place was not found
    ],
)
def test_condition_that_cannot_be_told_is_none(ended: Asks, name: str, condition: str) -> None:
    assert ended(name, condition) is None


def test_slots_that_differ_are_told_apart(ended: Asks) -> None:
    assert ended("apart", "second is true") is True
    assert ended("apart", "first is true") is False


def test_any_condition_is_enough_and_those_of_other_versions_are_passed_over(ended: Asks) -> None:
    assert ended("closed", "missing is true", "closed is true") is True
    assert ended("open", "missing is true", "closed is true") is False


def test_one_that_is_unclear_forbids_to_say_no(ended: Asks) -> None:
    assert ended("open", "computed is true", "closed is true") is None
    assert ended("closed", "computed is true", "closed is true") is True


def test_both_halves_of_an_and_must_hold(ended: Asks) -> None:
    assert ended("closed", "closed is true and name is none") is True
    assert ended("closed", "closed is true and name is set") is False
    assert ended("closed", "closed is true and computed is true") is None


@pytest.mark.parametrize(
    ("name", "word"),
    [("created", "created"), ("finished", "finished"), ("running", "running"), ("alive", "alive"), ("dead", "dead")],
)
def test_threads_and_finalizers_have_a_state_of_their_own(ended: Asks, name: str, word: str) -> None:
    assert ended(name, f"itself is {word}") is True
    assert ended(name, "itself is released") is False


def test_what_has_no_idle_conditions_is_never_idle(heap: Heap, objects: Objects) -> None:
    face, node = Face(heap), heap.node_at(id(objects.closed))
    assert is_idle(face, node, resource("closed is true")) is False
    assert is_idle(face, node, resource("closed is true", idle=("items is empty",))) is True
    assert is_idle(face, node, resource("closed is true", idle=("computed is true",))) is None


def test_object_belongs_to_the_nearest_of_its_classes(heap: Heap, objects: Objects) -> None:
    base, derived = (resource("x is true", of=f"{__name__}.{name}") for name in ("Base", "Derived"))
    found = resource_nodes(heap, [base, derived, resource("x is true", of="no.such.Class")])
    assert found == {
        base: [heap.node_at(id(objects.base))],
        derived: sorted(heap.node_at(id(one)) for one in (objects.derived, objects.further)),
    }


def test_our_own_objects_are_nobodys_resources(heap: Heap) -> None:
    assert resource_nodes(heap, [resource("x is true", of="outlive.heap.heap.Heap")]) == {}
