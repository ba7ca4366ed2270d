"""The cheapest way from a root to every object, found for all objects at once and kept.

Four passes, each only when one of its paths is asked for: from the true roots, never through what is Outlive's own;
for what that does not reach, through references that objects hide; then from objects that native code holds; and last,
through Outlive's own. What none reaches is garbage.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import TypeRow
from outlive.heap import reading_costs
from outlive.heap.folding import Trail
from outlive.heap.graph import NOT_REACHED, Graph, ReadingCosts
from outlive.heap.hidden import Hidden
from outlive.heap.labels import HIDDEN_POSITION, LabelKind, Labels, Reference
from outlive.heap.modules import Modules
from outlive.heap.naming import Naming
from outlive.heap.ours import our_nodes, references_into
from outlive.heap.paths import HolderPath
from outlive.heap.roots import Root, RootKind, Roots
from outlive.heap.rows import IMMORTAL, Rows
from outlive.heap.values import Values

Nodes = npt.NDArray[np.uint32]


class Routes:
    """Parents by node, and paths made of them."""

    def __init__(
        self, graph: Graph, rows: Rows, values: Values, modules: Modules, naming: Naming, labels: Labels, roots: Roots
    ) -> None:
        self.graph = graph
        self.roots = roots
        self._rows = rows
        self._values = values
        self._modules = modules
        self._naming = naming
        self._labels = labels

    # ---- what it costs ---------------------------------------------------------------------------------------------

    @cached_property
    def costs(self) -> ReadingCosts:
        """The table of `reading_costs` by node."""
        snapshot = self._rows.snapshot
        types = snapshot.column("type")
        enter, leave = (np.zeros(len(self._rows), np.uint8) for _ in range(2))
        for row in snapshot.types.values():
            if row.name in reading_costs.TYPES:
                cost = reading_costs.TYPES[row.name]
                enter[row.node], leave[row.node] = cost.enter, cost.leave
        enter, leave = enter[types], leave[types]
        for (module, name), (price, _reason) in reading_costs.GLOBALS.items():
            node = self._values.attribute(self._modules.node_of(module), name)
            if node:
                enter[node] = price
        modules = [node for _, node in self._modules.entries if self._modules.is_module(node)]
        enter[[*modules, *self._modules.dicts, *self._registries]] = reading_costs.MODULE_REFERENCE
        return ReadingCosts(enter, leave, types, reading_costs.TYPE_REFERENCE)

    def price(self, source: int, target: int) -> int:
        """What the reference costs on a path."""
        costs = self.costs
        to_type = costs.type_cost if int(costs.types[source]) == target else 0
        return 1 + int(costs.exit[source]) + int(costs.enter[target]) + to_type

    def type_row(self, node: int) -> TypeRow | None:
        return self._rows.type_row(node)

    # ---- whose -----------------------------------------------------------------------------------------------------

    @cached_property
    def ours(self) -> npt.NDArray[np.bool_]:
        return our_nodes(self._rows, self._values, self._modules)

    @cached_property
    def cuts(self) -> Nodes:
        """The references into what is Outlive's own: no path goes there."""
        return np.stack(references_into(self._rows, self.ours), axis=1).astype(np.uint32)

    @cached_property
    def unexplained(self) -> npt.NDArray[np.int64]:
        """By node: references that are counted and that nothing in the snapshot holds; 0 where counts mean nothing."""
        counted = self._rows.snapshot.column("refcount").astype(np.int64)
        missing = counted - self.graph.referrer_counts
        missing[(counted == IMMORTAL) | (missing < 0)] = 0
        missing[0] = 0
        return missing

    @cached_property
    def overdrawn(self) -> npt.NDArray[np.int64]:
        """By node: references that the snapshot shows and that are not counted. With the last that is, the object is
        freed under the others."""
        counted = self._rows.snapshot.column("refcount").astype(np.int64)
        lacking = self.graph.referrer_counts - counted
        lacking[(counted == IMMORTAL) | (lacking < 0)] = 0
        lacking[0] = 0
        return lacking

    @cached_property
    def hidden(self) -> Hidden:
        """References that objects hold and do not show."""
        return Hidden(self._rows, self.unexplained)

    @cached_property
    def with_hidden(self) -> Graph:
        """The graph with the hidden references in it."""
        if not len(self.hidden):
            return self.graph
        snapshot = self._rows.snapshot
        return self.hidden.beside(snapshot.column("edge_start"), snapshot.column("targets"))

    # ---- the passes ------------------------------------------------------------------------------------------------

    @cached_property
    def starts(self) -> dict[int, int]:
        """Where paths begin, and what that costs. A module's globals are a start of their own, so that a path from its
        module need not pay for a reference to them, as one from a function in the module must."""
        found = {root.node: root.cost for root in self.roots.ordered()}
        for namespace, name in self._modules.dicts.items():
            root = self.roots.of(self._modules.node_of(name))
            if root is not None:
                found[namespace] = root.cost + 1
        for node, (cost, _before) in self._registries.items():
            found[node] = cost
        return {node: min(cost, 255) for node, cost in found.items() if not self.ours[node]}

    def is_root_like(self, node: int) -> bool:
        """Is it a root, or something that stands so near to one that whoever refers to it holds nothing by that?"""
        return node in self.starts or self.roots.of(node) is not None

    @cached_property
    def _registries(self) -> dict[int, tuple[int, list[int]]]:
        """What a path that begins there pays, and the nodes before, by node of a known registry."""
        found = {}
        for (module_name, class_name, name), (cost, _reason) in reading_costs.REGISTRIES.items():
            module = self._modules.node_of(module_name)
            owner = self._values.attribute(module, class_name) if module else 0
            before = [module, self._values.instance_dict(module), owner, self._rows.type_dict(owner)]
            node = self._values.value(before[-1], name) if all(before) else 0
            if node:
                found[node] = cost, before
        return found

    @cached_property
    def parents(self) -> Nodes:
        """From the true roots."""
        return self.graph.holders(
            list(self.starts), root_costs=list(self.starts.values()), costs=self.costs, cuts=self.cuts
        )

    @cached_property
    def hidden_parents(self) -> Nodes:
        """From the true roots, through hidden references, too."""
        if self.with_hidden is self.graph:
            return self.parents
        return self.with_hidden.holders(
            list(self.starts), root_costs=list(self.starts.values()), costs=self.costs, cuts=self.cuts
        )

    @cached_property
    def native_roots(self) -> Nodes:
        """What native code holds and no true root reaches."""
        return np.flatnonzero((self.unexplained > 0) & (self.parents == NOT_REACHED) & ~self.ours).astype(np.uint32)

    @cached_property
    def native_parents(self) -> Nodes:
        return self.graph.holders(self.native_roots, costs=self.costs, cuts=self.cuts)

    @cached_property
    def all_roots(self) -> Nodes:
        """All that is alive of itself, whoever's: named roots, what native code holds, what is immortal, and Outlive's
        own modules and running frames, which `roots` does not name."""
        alive = (self.unexplained > 0) | (self._rows.snapshot.column("refcount") == IMMORTAL)
        alive[self._rows.snapshot.column("type") == 0] = False  # pseudo-nodes have no count: they are named or held
        alive[self.roots.nodes()] = True
        alive[[node for _, node in self._modules.entries]] = True
        alive[[frame for thread in self.roots.threads for frame in thread.frames]] = True
        alive[0] = False
        return np.flatnonzero(alive).astype(np.uint32)

    @cached_property
    def our_parents(self) -> Nodes:
        """Also through what is Outlive's own."""
        return self.graph.holders(self.all_roots, costs=self.costs)

    def parents_without(self, kind: RootKind | None, cuts: Iterable[tuple[int, int]]) -> Nodes:
        """The pass from the roots of this kind (as `parents_for` says it) that does not follow these references."""
        every = np.concatenate([np.asarray(self.cuts, np.int64).reshape(-1, 2), np.array(sorted(cuts)).reshape(-1, 2)])
        if kind is None:
            return self.graph.holders(
                list(self.starts), root_costs=list(self.starts.values()), costs=self.costs, cuts=every
            )
        roots = self.native_roots if kind is RootKind.NATIVE else self.all_roots
        return self.graph.holders(roots, costs=self.costs, cuts=every)

    def parents_for(self, node: int) -> tuple[Nodes, RootKind | None] | None:
        """The pass that reaches the node, and what its roots are when they are not the true ones."""
        if self.parents[node] != NOT_REACHED:
            return self.parents, None
        if self.hidden_parents[node] != NOT_REACHED:
            return self.hidden_parents, None
        if self.native_parents[node] != NOT_REACHED:
            return self.native_parents, RootKind.NATIVE
        if self.our_parents[node] != NOT_REACHED:
            return self.our_parents, RootKind.OURS
        return None

    # ---- paths -----------------------------------------------------------------------------------------------------

    def path(self, node: int) -> HolderPath | None:
        """The path that is told first; None: nothing holds the node but what is garbage itself."""
        found = self.parents_for(node)
        if found is None:
            return None
        parents, kind = found
        return self.path_along(self.nodes_to(node, parents), kind)

    def _at_home(self, nodes: list[int]) -> list[int]:
        """The same path from the module where its first global is at home: a logger is `logging`'s, whoever names it.

        At home is a class or function where it was defined, and an instance in the module of its class.
        """
        if len(nodes) < 3 or nodes[1] not in self._modules.dicts:
            return nodes
        home = self._home_of(nodes[2])
        if home == self._modules.dicts[nodes[1]]:
            return nodes
        module = self._modules.node_of(home) if home else 0
        namespace = self._values.instance_dict(module) if module else 0
        return [module, namespace, *nodes[2:]] if namespace and nodes[2] in self._rows.targets(namespace) else nodes

    def _home_of(self, node: int) -> str:
        """The module in which a global is at home; "" when that is not known."""
        if self._rows.type_name(node) == "function":
            return self._naming.module_of(node) or ""
        is_class = node in self._rows.snapshot.types
        name = self._naming.class_name(node) if is_class else self._rows.type_name(node)
        while name:
            name = name.rpartition(".")[0]
            if self._modules.node_of(name):
                return name
        return ""

    def nodes_to(self, node: int, parents: Nodes) -> list[int]:
        """From the root to the node."""
        nodes = [node]
        while int(parents[nodes[-1]]) != nodes[-1]:
            nodes.append(int(parents[nodes[-1]]))
        return self._before(nodes[-1]) + nodes[::-1]

    def _before(self, start: int) -> list[int]:
        """What stands before a start of paths that is no root itself."""
        if start in self._registries:
            return self._registries[start][1]
        module = self._modules.node_of(self._modules.dicts.get(start, ""))
        return [module] if module else []

    def path_along(self, nodes: list[int], kind: RootKind | None = None) -> HolderPath:
        """The path over these nodes; `kind` says what the first is when it is no true root."""
        nodes = self._at_home(nodes)
        references = tuple(self.reference(a, b) for a, b in pairwise(nodes))
        trail = Trail(self._rows, self._naming, self._labels, references)
        return HolderPath(self._root_at(nodes[0], kind), tuple(nodes), references, trail)

    def _root_at(self, node: int, kind: RootKind | None) -> Root:
        known = self.roots.of(node)
        if kind is RootKind.OURS:
            return Root(node, kind, "Outlive itself", "Outlive itself")
        if known is not None:
            return known
        count = int(self.unexplained[node])
        words = "1 reference" if count == 1 else f"{count:,} references"
        return Root(node, RootKind.NATIVE, f"{words} owned by native code", "references owned by native code")

    def reference(self, source: int, target: int) -> Reference:
        """The reference from one to the other; where there are several, the one that says most."""
        positions = self._rows.positions(source, target)
        best = positions[0] if positions else HIDDEN_POSITION
        if len(positions) > 1:
            best = min(positions[:8], key=lambda place: _SAYS_LITTLE.get(self._labels.label(source, place).kind, 0))
        return Reference(source, target, best)


_SAYS_LITTLE = {LabelKind.UNKNOWN: 3, LabelKind.TYPE: 2, LabelKind.KEY: 1}
