"""The heap of a snapshot, as everyone asks it: names, references, roots, holder paths, what keeps what alive.

A face over the files beside it. Lazy: a question pays for the passes that it needs, and they are kept. No answer runs
code of the program that the snapshot is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot
from outlive.heap import queries
from outlive.heap.graph import Graph
from outlive.heap.hidden import HiddenReference
from outlive.heap.hidden_cycles import HiddenCycle, HiddenCycles
from outlive.heap.holders import independent_holders
from outlive.heap.keeping import Garbage, Keeping
from outlive.heap.labels import Label, Labels, Reference
from outlive.heap.modules import Modules
from outlive.heap.naming import Naming
from outlive.heap.paths import HolderPath
from outlive.heap.roots import Roots
from outlive.heap.routes import Routes
from outlive.heap.rows import Rows
from outlive.heap.threads import Threads
from outlive.heap.values import Values

if TYPE_CHECKING:
    from outlive.capture.snapshot import NativeState


class Heap:
    """One snapshot, analysed. Nodes are row numbers of the snapshot; 0 is "nothing"."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.rows = Rows(snapshot)
        self.values = Values(self.rows)
        self.modules = Modules(self.rows, self.values)
        self.naming = Naming(self.rows, self.values, self.modules)
        self.labels = Labels(self.rows, self.values, self.naming)
        self.threads = Threads(self.rows, self.values, self.naming)
        self.roots = Roots(self.rows, self.values, self.modules, self.naming, self.threads)

    def __len__(self) -> int:
        """Rows, row 0 ("nothing") included."""
        return len(self.rows)

    # ---- one object ------------------------------------------------------------------------------------------------

    def type_name(self, node: int) -> str:
        """ "app.Session"; of what is no object "frame", "thread", "interpreter", "shared keys"."""
        return self.naming.type_name(node)

    def what(self, node: int) -> str:
        """Its name, when it has one: "module app", "function app.handler (app.py:12)"; else ""."""
        return self.naming.what(node)

    def text(self, node: int) -> str | None:
        """Text of a string or number that names something; "True", "False", "None". None where it is not kept."""
        return self.naming.text(node)

    def location(self, node: int) -> tuple[str, int]:
        """(file, line) of what runs code; line 0 when it is not known, ("", 0) for the rest."""
        return self.naming.location(node)

    def state(self, node: int) -> NativeState | None:
        """What a file, socket, task, generator … is in: closed, done, finished …; None when that is not known."""
        return self.snapshot.states.get(node)

    def size(self, node: int) -> int:
        """Bytes of the object itself."""
        return int(self.sizes[node])

    @cached_property
    def sizes(self) -> npt.NDArray[np.uint64]:
        return self.snapshot.sizes()

    def attribute(self, node: int, name: str) -> int:
        """The attribute of that name in the object itself, its dict or its slots; 0 when it is absent."""
        return self.values.attribute(node, name)

    def attributes(self, node: int) -> dict[str, int]:
        return self.values.attributes(node)

    def items(self, node: int) -> Iterator[tuple[int, int]]:
        """(key, value) of a dict."""
        return self.values.items(node)

    def elements(self, node: int) -> list[int]:
        """Elements of a list, tuple, deque or set."""
        return self.values.elements(node)

    def is_subclass(self, node: int, name: str) -> bool:
        """Is the object an instance of the type of this name, or of a subclass?"""
        return self.rows.is_subclass(self.rows.type_node(node), frozenset([name]))

    def referent(self, node: int) -> int:
        """What a living weak reference is of; 0 for anything else."""
        return self.rows.referent(node)

    # ---- references ------------------------------------------------------------------------------------------------

    def references(self, node: int) -> list[Reference]:
        return [Reference(node, target, place) for place, target in enumerate(self.rows.targets(node)) if target]

    def referrers(self, node: int) -> list[Reference]:
        """The references to it, each once."""
        found: list[Reference] = []
        for source in sorted({int(one) for one in self.graph.referrers(node)}):
            found.extend(reference for reference in self.references(source) if reference.target == node)
        return found

    def referrer_count(self, node: int) -> int:
        """How many references to it the snapshot shows."""
        return int(self.graph.referrer_counts[node])

    def label(self, source: int, position: int) -> Label:
        """How the reference at `position` of `source` is written."""
        return self.labels.label(source, position)

    def refcount(self, node: int) -> int:
        """Its reference count; 0 where that means nothing (immortal objects, what is no object)."""
        count = int(self.snapshot.column("refcount")[node])
        return 0 if count == 0xFFFFFFFF else count

    def unexplained(self, node: int) -> int:
        """References that are counted and that no object holds: native code does. 0 where the count means nothing."""
        return int(self.routes.unexplained[node])

    def hidden_references(self, node: int) -> list[HiddenReference]:
        """What it most likely holds and does not show to the collector."""
        return self.routes.hidden.out_of(node)

    def hidden_referrers(self, node: int) -> list[HiddenReference]:
        """Who most likely hides a reference to it."""
        return self.routes.hidden.into(node)

    def hidden_cycle(self, node: int) -> HiddenCycle | None:
        """The ring that alone keeps it, and that the collector cannot see; None where it is kept otherwise."""
        return self._hidden_cycles.of(node)

    @cached_property
    def _hidden_cycles(self) -> HiddenCycles:
        return HiddenCycles(self.routes)

    # ---- finding ---------------------------------------------------------------------------------------------------

    def nodes_of_type(self, name: str) -> npt.NDArray[np.int64]:
        """All instances of the type of this full name (or of several types of that name), not of subclasses."""
        types = [row.node for row in self.snapshot.types.values() if row.name == name]
        return np.flatnonzero(np.isin(self.snapshot.column("type"), types)) if types else np.empty(0, np.int64)

    def node_at(self, address: int) -> int:
        """The object at this address; 0 when there is none."""
        found = np.flatnonzero(self.snapshot.column("address") == np.uint64(address))
        return int(found[0]) if len(found) else 0

    def find(self, query: str) -> list[int]:
        """What the query means: a type's name (or its last part), an address, "#7" for node 7, or an expression.

        Raises `queries.BadQuery` for what is none of these.
        """
        return queries.find(self, query)

    # ---- why it lives ----------------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.snapshot.column("edge_start"), self.snapshot.column("targets"))

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.graph, self.rows, self.values, self.modules, self.naming, self.labels, self.roots)

    def path(self, node: int) -> HolderPath | None:
        """The holder path to tell first; None when nothing holds it but garbage (a cycle that waits for its end)."""
        return self.routes.path(node)

    def holders(self, node: int, limit: int = 5, without: Iterable[tuple[int, int]] = ()) -> list[HolderPath]:
        """All independent holders, at most `limit`, the path of `path` first.

        `without`: (source, target) of references that are thought away; so `holders(node, 5, [faulty])` is what still
        holds the object when the faulty reference is gone.
        """
        return independent_holders(self.routes, node, limit, without)

    # ---- what keeps what alive -------------------------------------------------------------------------------------

    @cached_property
    def keeping(self) -> Keeping:
        return Keeping(self.graph, self.rows, self.routes, self.sizes)

    def retained_bytes(self, node: int) -> int:
        """What would be freed with it: its own bytes, and those of all that only it keeps alive."""
        return int(self.keeping.retained[node])

    def dominator(self, node: int) -> int:
        """The nearest object without which it would not be alive; 0 when there is none such."""
        return self.keeping.dominator(node)

    def dominated(self, node: int) -> list[int]:
        """Those that have `node` as their dominator, the one that retains most first."""
        return self.keeping.dominated(node)

    def garbage(self) -> list[Garbage]:
        """What waits for the collector: parts that hold each other, and that nothing else holds; largest first."""
        return self.keeping.garbage
