"""Has a resource ended, by what a snapshot shows of it: the conditions of contracts, evaluated on a heap.

Theory of operation. A condition is answered with yes, no, "absent" (the object has no such attribute: a contract also
names those of other versions) or "unclear" (it is there and cannot be read: an unknown state, a number). A resource
has ended when any of its conditions says yes. It has not when at least one says no and none is unclear. Otherwise
nobody can tell, and who asks must not accuse. No code of the program runs: what a property would answer is unclear,
and a plain value of the class counts where the instance has none of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum

import numpy as np

from outlive.explain.asked import AskedHeap
from outlive.explain.kinds import kinds_of, native_word
from outlive.explain.python_states import PythonStates
from outlive.heap.heap import Heap
from outlive.heap.modules import is_ours
from outlive.model.contracts import Condition, Resource

_COLLECTIONS = frozenset({"list", "tuple", "dict", "set", "frozenset", "collections.deque"})
# What stands in a class and answers by running code, or by reading memory that has no name here.
_DESCRIPTORS = frozenset(
    {
        "function", "property", "classmethod", "staticmethod", "getset_descriptor", "method_descriptor",
        "classmethod_descriptor", "wrapper_descriptor", "functools.cached_property", "member_descriptor",
    }
)  # fmt: skip
_STANDARD_STREAMS = tuple(f"{shell}std{name}{shell}" for shell in ("", "__") for name in ("in", "out", "err"))
_STREAM_LAYERS = ("buffer", "raw")


class _Said(Enum):
    YES = "yes"
    NO = "no"
    ABSENT = "absent"
    UNCLEAR = "unclear"


def has_ended(heap: AskedHeap, node: int, resource: Resource) -> bool | None:
    """Whether the object's lifetime is over; None when that cannot be told."""
    return ResourceStates(heap).has_ended(node, resource)


def is_idle(heap: AskedHeap, node: int, resource: Resource) -> bool | None:
    """Whether it needs no ending though nobody ended it (it was never opened); None when that cannot be told."""
    return ResourceStates(heap).is_idle(node, resource)


class ResourceStates:
    """The states of the resources of one heap."""

    def __init__(self, heap: AskedHeap) -> None:
        self._heap = heap
        self._python = PythonStates(heap)

    def has_ended(self, node: int, resource: Resource) -> bool | None:
        return self.any_of(node, resource.ended)

    def is_idle(self, node: int, resource: Resource) -> bool | None:
        return self.any_of(node, resource.idle) if resource.idle else False

    def any_of(self, node: int, conditions: Sequence[Condition]) -> bool | None:
        """Whether one of the conditions holds; None: that cannot be told."""
        said = [self._all(node, condition) for condition in conditions]
        if _Said.YES in said:
            return True
        return False if _Said.NO in said and _Said.UNCLEAR not in said else None

    def _all(self, node: int, condition: Condition) -> _Said:
        """The condition and what must hold with it: a no decides, then what is absent, then what is unclear."""
        said = [self._one(node, condition), *(self._all(node, other) for other in condition.also)]
        return next((one for one in (_Said.NO, _Said.ABSENT, _Said.UNCLEAR) if one in said), _Said.YES)

    def _one(self, node: int, condition: Condition) -> _Said:
        if "[]" in condition.attribute:
            return self._of_elements(node, condition)
        value, clear = self._value(node, condition.attribute)
        if not clear:
            return _Said.UNCLEAR
        if condition.is_ == "absent" and not condition.state:
            return _yes(not value)
        if condition.is_ == "set" and not condition.state:
            return _yes(bool(value) and not self._is_none(value))
        if not value:
            return _Said.ABSENT
        return self._state(value, condition.state) if condition.state else self._content(value, condition.is_)

    def _of_elements(self, node: int, condition: Condition) -> _Said:
        """ "pools[].sock is none": holds of each element; "is set": of one at least. An element that lacks the
        attribute has no say."""
        name, _, inner = condition.attribute.partition("[]")
        collection, clear = self._value(node, name)
        if not clear or not collection:
            return _Said.ABSENT if clear else _Said.UNCLEAR
        if not self._is_none(collection) and _COLLECTIONS.isdisjoint(kinds_of(self._heap, collection)):
            return _Said.UNCLEAR
        wanted = replace(condition, attribute=inner.removeprefix("."), also=())
        said = {self._one(element, wanted) for element in self._heap.elements(collection)}
        if condition.is_ == "set" and not condition.state:
            return next((one for one in (_Said.YES, _Said.UNCLEAR) if one in said), _Said.NO)
        return next((one for one in (_Said.NO, _Said.UNCLEAR) if one in said), _Said.YES)

    # ---- what a dotted attribute is --------------------------------------------------------------------------------

    def _value(self, node: int, attribute: str) -> tuple[int, bool]:
        """(the object, 0 when it is absent; whether that is clear)."""
        for name in attribute.split(".") if attribute else ():
            found, clear = self._heap.attribute(node, name), True
            if not found:
                found, clear = self._of_class(node, name)
                clear = clear and not self._hides_names(node)
            if not (found and clear):
                return 0, clear
            node = found
        return node, True

    def _of_class(self, node: int, name: str) -> tuple[int, bool]:
        """The plain value that its class has under the name. A slot may be empty, or its place was not found."""
        for base in self._bases(node):
            found = self._heap.attribute(base, name)
            if found:
                plain = _DESCRIPTORS.isdisjoint(kinds_of(self._heap, found))
                return (found, True) if plain else (0, False)
        return 0, True

    def _hides_names(self, node: int) -> bool:
        """Whether it refers to something under a name that the snapshot does not show: the name asked for may be that.

        Places are found by what stands in them; of two that hold the same thing one may be named for both.
        """
        shown = Counter(reference.target for reference in self._heap.references(node))
        shown.pop(self._heap.type_node(node), None)
        shown.subtract(self._heap.attributes(node).values())
        unnamed = [target for target, count in shown.items() if count > 0]
        mappings = [target for target in unnamed if "dict" in kinds_of(self._heap, target)]  # one is its `__dict__`
        return len(unnamed) > min(len(mappings), 1)

    def _bases(self, node: int) -> Iterator[int]:
        type_node = self._heap.type_node(node)
        order = self._heap.attribute(type_node, "__mro__") if type_node else 0
        return iter(self._heap.elements(order)) if order else iter(())

    # ---- what it says ----------------------------------------------------------------------------------------------

    def _state(self, node: int, state: str) -> _Said:
        if self._is_none(node):
            return _Said.ABSENT
        word = native_word(self._heap, node) or self._python.word(node)
        return _yes(word == state) if word else _Said.UNCLEAR

    def _content(self, node: int, word: str) -> _Said:
        if word == "none":
            return _yes(self._is_none(node))
        if word == "empty":
            return self._empty(node)
        text = self._heap.text(node)
        if word in ("true", "false"):
            return _yes(text == word.capitalize()) if text in ("True", "False", "None") else _Said.UNCLEAR
        return _Said.UNCLEAR if text is None else _yes(text == word.strip("'"))

    def _empty(self, node: int) -> _Said:
        if self._is_none(node):
            return _Said.YES
        known = not _COLLECTIONS.isdisjoint(kinds_of(self._heap, node))
        return _yes(self._heap.length(node) == 0) if known else _Said.UNCLEAR

    def _is_none(self, node: int) -> bool:
        return self._heap.text(node) == "None" and "NoneType" in kinds_of(self._heap, node)


def _yes(answer: bool) -> _Said:
    return _Said.YES if answer else _Said.NO


# ---- finding them --------------------------------------------------------------------------------------------------


def resource_nodes(heap: Heap, resources: Sequence[Resource]) -> dict[Resource, list[int]]:
    """The living objects of each resource's class and of classes derived from it, in the order of `resources`.

    An object belongs to one resource: that of the nearest of its classes, the first one named where two are of the same
    class. Outlive's own and the standard streams are left out. One pass over the types and one over the objects.
    """
    by_name: dict[str, int] = {}
    for number, resource in enumerate(resources, 1):
        by_name.setdefault(resource.type, number)
    number_of_type = np.zeros(len(heap), np.uint32)
    for type_node, row in heap.snapshot.types.items():
        if type_node and not is_ours(row.name):
            number_of_type[type_node] = _nearest(heap, type_node, by_name)
    numbers = number_of_type[heap.snapshot.column("type")]
    numbers[_standard_streams(heap)] = 0
    nodes = np.flatnonzero(numbers)
    found: list[list[int]] = [[] for _ in resources]
    for node, number in zip(nodes.tolist(), numbers[nodes].tolist()):
        found[number - 1].append(node)
    return {resource: of for resource, of in zip(resources, found) if of}


def _nearest(heap: Heap, type_node: int, by_name: dict[str, int]) -> int:
    names = (heap.rows.class_name(base) for base in (type_node, *heap.rows.mro(type_node)))
    return next((by_name[name] for name in names if name in by_name), 0)


def _standard_streams(heap: Heap) -> list[int]:
    """sys.stdin, sys.__stdout__ and so on, with the layers below."""
    module = next((node for name, node in heap.modules.entries if name == "sys"), 0)
    held = heap.attributes(module) if module else {}
    streams = [held[name] for name in _STANDARD_STREAMS if held.get(name)]
    for layer in _STREAM_LAYERS:
        streams += [below for one in list(streams) if (below := heap.attribute(one, layer))]
    return streams
