"""What in a heap is Outlive's own: it must never be why something of the program is said to live.

Ours are modules, types and functions of `outlive`, what runs their code, and instances of those types. What only they
reach is held by Outlive itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outlive.heap.modules import Modules, is_ours
from outlive.heap.naming import GENERATORS
from outlive.heap.rows import FRAME, Rows
from outlive.heap.values import Values

# What a frame or coroutine runs stands among its first references; its variables come after.
_RUNS = 2


def our_nodes(rows: Rows, values: Values, modules: Modules) -> npt.NDArray[np.bool_]:
    """True for each node that is Outlive's own. Reads the references twice."""
    snapshot = rows.snapshot
    types = snapshot.column("type")
    mine = np.zeros(len(rows), dtype=bool)
    type_nodes = [row.node for row in snapshot.types.values() if is_ours(row.name)]
    mine[type_nodes] = True
    mine |= mine[types]
    mine[0] = False
    namespaces = np.zeros(len(rows), dtype=bool)
    for name, node in modules.entries:
        if is_ours(name):
            mine[node] = True
            namespaces[values.instance_dict(node)] = True
    namespaces[0] = False
    mine |= namespaces
    mine[0] = False
    mine |= _running(rows, _functions(rows, namespaces))
    return mine


def _functions(rows: Rows, namespaces: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Functions whose globals are one of `namespaces`, and their code."""
    found = np.zeros(len(rows), dtype=bool)
    sources, _ = references_into(rows, namespaces)
    found[sources[_of_types(rows, frozenset({"function"}))[sources]]] = True
    code = _of_types(rows, frozenset({"code"}))
    for node in np.flatnonzero(found).tolist():
        found[[target for target in rows.targets(node) if code[target]]] = True
    return found


def _running(rows: Rows, functions: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """`functions` and what runs them. A frame that only has one of ours in a variable is not ours."""
    found = functions.copy()
    runs = _of_types(rows, GENERATORS | {"frame"}) | (rows.snapshot.column("layout") == FRAME)
    sources, _ = references_into(rows, functions)
    for node in np.unique(sources[runs[sources]]).tolist():
        if any(functions[target] for target in rows.targets(node)[:_RUNS]):
            found[node] = True
    return found


def _of_types(rows: Rows, names: frozenset[str]) -> npt.NDArray[np.bool_]:
    wanted = [row.node for row in rows.snapshot.types.values() if row.name in names]
    return np.isin(rows.snapshot.column("type"), wanted)


def references_into(rows: Rows, nodes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(sources, targets) of all references to one of `nodes` from elsewhere."""
    targets = rows.snapshot.column("targets")
    places = np.flatnonzero(nodes[targets])
    sources = np.searchsorted(rows.snapshot.column("edge_start"), places, side="right") - 1
    outside = ~nodes[sources]
    return sources[outside], targets[places[outside]].astype(np.int64)
