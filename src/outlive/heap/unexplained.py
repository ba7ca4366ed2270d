"""References that are counted and that nothing in the snapshot holds, by type; what is usual among them told apart.

Extension modules keep what they are made of where nobody can look: numpy its functions inside objects that the
collector does not traverse, and tables of them beside each ufunc; the interpreter its own attributes in C variables.
Hundreds of them are in every process, and none is a mistake. What is made of definitions is bounded by the size of the
code, so this is called usual:

- a function of a package with extension modules, or a dict, list or tuple that is made of such a package's classes and
  functions, when nothing but native code holds it;
- what stands as a global or class attribute in such a package or in the standard library;
- the only object of a class of such a package or of the standard library (`ast.Add()`, a dtype), when it keeps
  little and nobody else has it, or is nothing but itself,

each with few such references. Everything else is listed: that is where a lost reference shows. One snapshot cannot tell
a kept reference from a lost one; the difference between two can.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from sys import stdlib_module_names

import numpy as np

from outlive.heap.graph import NOT_REACHED
from outlive.heap.heap import Heap
from outlive.heap.rows import TYPE_KIND
from outlive.model.heap_summary import Unexplained

_FEW = 8  # references to one object: what loses references loses them again and again
_MOST_DEFINITIONS = 5_000  # of one type: no package has so many that only native code knows
_LITTLE_BYTES = 4096
_PLAIN_BYTES = 80  # the collector's header, the object's, room for its dict and weak references
_INTERPRETER = "the interpreter"
_CONTAINERS = frozenset(["dict", "list", "tuple"])
_LOADER = "_frozen_importlib_external.ExtensionFileLoader"
_DEPTH, _WIDTH = 3, 40


def unexplained_references(heap: Heap, most: int) -> tuple[Unexplained, ...]:
    """At most `most` rows of what is not usual, then as many of what is; most references first.

    Classes are left out: C code keeps each that it made.
    """
    missing = heap.routes.unexplained
    types = heap.snapshot.column("type")
    nodes = np.flatnonzero(missing > 0)
    per_type, all_of_type = (np.bincount(some, minlength=len(heap)) for some in (types[nodes], types))
    usual = _Usual(heap)
    totals: dict[tuple[str, str], tuple[int, int]] = {}

    def add(name: str, whose: str, objects: int, references: int) -> None:
        many, more = totals.get((name, whose), (0, 0))
        totals[name, whose] = many + objects, more + references

    for row in heap.snapshot.types.values():
        count = int(per_type[row.node])
        if not count or heap.rows.is_subclass(row.node, frozenset(["type"])):
            continue
        own = nodes[types[nodes] == row.node]
        if count > _MOST_DEFINITIONS:
            add(row.name, "", count, int(missing[own].sum()))
            continue
        alone = usual.whose_only(row.name, own.tolist()) if all_of_type[row.node] == 1 else ""
        for node in own.tolist():
            add(row.name, alone or usual.whose(node) if missing[node] <= _FEW else "", 1, int(missing[node]))
    ordered = sorted(totals.items(), key=lambda item: (-item[1][1], item[0]))
    rows = [Unexplained(name, many, more, whose) for (name, whose), (many, more) in ordered]
    return (*[row for row in rows if not row.usual][:most], *[row for row in rows if row.usual][:most])


class _Usual:
    """Whose native code keeps an object as a matter of course."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap

    def whose(self, node: int) -> str:
        """A package, or "the interpreter"; "" where this is nothing usual."""
        kind = self._heap.type_name(node)
        if kind == "moduledef":
            return _INTERPRETER
        return self.owner(self._defined_in(node, kind)) or self.owner(self._stands_in(node))

    def whose_only(self, type_name: str, nodes: list[int]) -> str:
        """The same of the only object of a type: one of a kind that is made when its module is."""
        owner = self.owner(type_name.rpartition(".")[0])
        return owner if all(self._is_plain(node) or self._is_at_home(node, owner) for node in nodes) else ""

    def _is_plain(self, node: int) -> bool:
        """Is it nothing but itself, as `ast.Add()` is, which every syntax tree shares?"""
        heap = self._heap
        return heap.size(node) <= _PLAIN_BYTES and set(heap.rows.targets(node)) <= {0, heap.rows.type_node(node)}

    def _is_at_home(self, node: int, owner: str) -> bool:
        """Does it keep little, and does nobody but its owner hold it?"""
        heap = self._heap
        held = heap.routes.parents[node] != NOT_REACHED
        return heap.retained_bytes(node) <= _LITTLE_BYTES and not (
            held and self.owner(self._root_module(node)) != owner
        )

    def owner(self, module: str) -> str:
        """Whose the module is, if that is somebody with native code; else ""."""
        top = module.partition(".")[0]
        if top in stdlib_module_names:
            return _INTERPRETER
        return top if top in self._compiled else ""

    @cached_property
    def _compiled(self) -> frozenset[str]:
        """Packages with extension modules."""
        heap = self._heap
        return frozenset(
            name.partition(".")[0]
            for name, node in heap.modules.entries
            if heap.modules.is_module(node) and heap.type_name(heap.attribute(node, "__loader__")) == _LOADER
        )

    def _defined_in(self, node: int, kind: str) -> str:
        """The module of a function; of a container that only native code holds, of the definitions inside."""
        if kind == "function":
            return self._heap.naming.module_of(node) or ""
        if kind in _CONTAINERS and self._heap.routes.parents[node] == NOT_REACHED:
            return self._made_of(node)
        return ""

    def _made_of(self, container: int) -> str:
        """The module of the first class or function in it; one of a package beats one of the interpreter."""
        heap = self._heap
        found = heap.text(heap.values.value(container, "__module__")) or ""
        layer = [container]
        for _ in range(_DEPTH):
            inner = list(dict.fromkeys(chain.from_iterable(heap.rows.targets(one)[:_WIDTH] for one in layer)))
            for node in filter(None, inner):
                module = self._module_of(node)
                if module and self.owner(module) != _INTERPRETER:
                    return module
                found = found or module
            layer = [node for node in inner if node and heap.type_name(node) in _CONTAINERS][:_WIDTH]
        return found

    def _module_of(self, node: int) -> str:
        heap = self._heap
        if heap.rows.is_kind(node, TYPE_KIND):
            return heap.naming.class_name(node).rpartition(".")[0]
        if heap.type_name(node) == "function":
            return heap.naming.module_of(node) or ""
        return ""

    def _stands_in(self, node: int) -> str:
        """The module of which it is a global, or an attribute of a class there."""
        heap = self._heap
        for holder in sorted(set(heap.graph.referrers(node)[:_WIDTH].tolist())):
            if holder in heap.modules.dicts:
                return heap.modules.dicts[holder]
            owner = heap.routes.parents[holder]
            for one in (holder, int(owner)):
                if one != NOT_REACHED and heap.rows.is_kind(one, TYPE_KIND):
                    return heap.naming.class_name(one).rpartition(".")[0] or self._root_module(one)
        return ""

    def _root_module(self, node: int) -> str:
        """Where its path begins: a class without instances does not show its module."""
        path = self._heap.path(node)
        return (self._heap.modules.name_of(path.nodes[0]) or "") if path is not None else ""
