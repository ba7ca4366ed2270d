"""Which object of the heap an ended one is: by address, type and the tick of its making. When in doubt, none.

An address is used again; so is the address and the type. Only where both sides know the tick is that told apart, and
where they disagree the object is another one: the ended one is gone.
"""

from __future__ import annotations

from outlive.explain.kinds import plain
from outlive.explain.leftovers.scene import Scene
from outlive.model.look import Ended


def ended_nodes(scene: Scene) -> dict[int, Ended]:
    """The ended objects by node; one that was ended several times with its first end."""
    found: dict[int, Ended] = {}
    for row in scene.look.ended:
        node = scene.node_at(row.address)
        if node and _is_it(scene, node, row):
            known = found.get(node)
            found[node] = row if known is None or row.at < known.at else known
    return found


def _is_it(scene: Scene, node: int, row: Ended) -> bool:
    if scene.type_name(node) != plain(row.type):
        return False
    tick = scene.tick(node)
    return not (tick and row.made_tick and tick != row.made_tick)
