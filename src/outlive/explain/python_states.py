"""States that Python's own modules keep in a table beside the object: threads that run, finalizers that will run.

Knows where `threading` and `weakref` write it down, the same from 3.10 to 3.13. The words are those of native states.
"""

from __future__ import annotations

from itertools import pairwise
from weakref import WeakKeyDictionary

from outlive.explain.asked import AskedHeap
from outlive.explain.kinds import kinds_of, says

# What the tables of each heap hold, for as long as the heap is there. There may be as many objects as rows in a table:
# to read it for each of them would be quadratic.
_TABLES: WeakKeyDictionary[AskedHeap, dict[int, frozenset[int]]] = WeakKeyDictionary()


class PythonStates:
    """The states of one heap's objects."""

    def __init__(self, heap: AskedHeap) -> None:
        self._heap = heap
        self._tables = _tables_of(heap)

    def word(self, node: int) -> str:
        """ "created", "running", "finished" of a thread; "alive", "dead" of a weakref.finalize; "" for all else."""
        kinds = kinds_of(self._heap, node)
        if "threading.Thread" in kinds:
            return self._thread(node)
        return self._finalizer(node) if "weakref.finalize" in kinds else ""

    def _thread(self, node: int) -> str:
        """A started thread is in `threading._active` until its last Python line has run."""
        started = self._heap.attribute(node, "_started")
        flag = says(self._heap, started, "_flag") if started else None
        if flag == "False":
            return "created"
        active = self._global(self._in_class(node, "start"), "_active")
        if flag != "True" or not active:
            return ""
        return "running" if node in self._held_by(active) else "finished"

    def _finalizer(self, node: int) -> str:
        registry = self._in_class(node, "_registry")
        if not registry:
            return ""
        return "alive" if node in self._held_by(registry) else "dead"

    def _in_class(self, node: int, name: str) -> int:
        """What the object's class or one of its bases keeps under the name; of several the most basic."""
        order = self._heap.attribute(self._heap.type_node(node), "__mro__")
        bases = list(self._heap.elements(order)) if order else []
        found = (self._heap.attribute(base, name) for base in reversed(bases))
        return next((one for one in found if one), 0)

    def _global(self, function: int, name: str) -> int:
        """A global variable of the module that the function stands in. A dict shows its keys and values by turns."""
        namespace = self._heap.attribute(function, "__globals__") if function else 0
        shown = [reference.target for reference in self._heap.references(namespace)] if namespace else []
        return next((value for key, value in pairwise(shown) if self._heap.text(key) == name), 0)

    def _held_by(self, mapping: int) -> frozenset[int]:
        known = self._tables.get(mapping)
        if known is None:
            known = frozenset(reference.target for reference in self._heap.references(mapping))
            self._tables[mapping] = known
        return known


def _tables_of(heap: AskedHeap) -> dict[int, frozenset[int]]:
    try:
        return _TABLES.setdefault(heap, {})
    except TypeError:  # a heap that cannot be a key: nothing is remembered of it
        return {}
