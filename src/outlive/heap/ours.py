"""What in a heap is Outlive's own: it must never be why something of the program is said to live.

Ours are modules, types and functions of `outlive`, what runs their code, and instances of those types. What only they
reach is held by Outlive itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outlive.heap.modules import Modules, is_ours
from outlive.heap.naming import GENERATORS
from outlive.heap.rows import Rows
from outlive.heap.values import Values

_RUNS_CODE = GENERATORS | {"function", "frame"}
# A frame or coroutine refers to a function or to code, a function to code and to a module's globals.
_DEPTH = 2


def our_nodes(rows: Rows, values: Values, modules: Modules) -> npt.NDArray[np.bool_]:
    """True for each node that is Outlive's own. Reads the references twice."""
    snapshot = rows.snapshot
    types = snapshot.column("type")
    mine = np.zeros(len(rows), dtype=bool)
    type_nodes = [row.node for row in snapshot.types.values() if is_ours(row.name)]
    mine[type_nodes] = True
    mine |= mine[types]
    mine[0] = False
    for name, node in modules.entries:
        if is_ours(name):
            mine[[node, values.instance_dict(node)]] = True
    mine[0] = False
    runs_code = np.isin(types, [row.node for row in snapshot.types.values() if row.name in _RUNS_CODE])
    runs_code |= types == 0  # running frames that no object owns
    code_nodes = [row.node for row in snapshot.types.values() if row.name == "code"]
    for _ in range(_DEPTH):
        sources, _targets = references_into(rows, mine)
        mine[sources[runs_code[sources] & (snapshot.column("layout")[sources] != 33)]] = True
        for node in np.flatnonzero(mine & runs_code).tolist():
            for target in rows.targets(node):
                if rows.type_node(target) in code_nodes:
                    mine[target] = True
    return mine


def references_into(rows: Rows, nodes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(sources, targets) of all references to one of `nodes` from elsewhere."""
    targets = rows.snapshot.column("targets")
    places = np.flatnonzero(nodes[targets])
    sources = np.searchsorted(rows.snapshot.column("edge_start"), places, side="right") - 1
    outside = ~nodes[sources]
    return sources[outside], targets[places[outside]].astype(np.int64)
