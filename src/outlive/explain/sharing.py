"""Objects on which many outlivers hang: they live longer than any one of them, so the mistake lies behind them.

Theory of operation. A step that leaks puts one more object somewhere. The paths of what several steps made run together
from the root and part at that somewhere. It may itself have been made by a step (a registry that the first request
creates), so its age alone says nothing; that it holds what different steps made does. In a linked list each element
holds what earlier steps made, too: what is itself of an outliver's type is taken for shared only where the paths part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, expected
from outlive.explain.links import Chain

# An object of an outliver's type is shared where paths to so many outlivers part.
_SEVERAL = 4


def shared_by(chains: Sequence[Chain], context: Context) -> Callable[[int], Answer | None]:
    """An inspector by node over the paths of one sample."""
    beneath = _outlivers_beneath(chains)
    most = max(len(chains) // 2, 1)

    def inspect(node: int) -> Answer | None:
        held = beneath.get(node, ())
        if len(held) < 2:
            return None
        steps = {context.step_of(one) for one in held} - {None}
        if len(steps) >= 2:
            return expected(f"holds what {len(steps)} different steps made: it lives longer than a step")
        if steps or len(held) <= most:
            return None
        return expected(f"holds {len(held)} of the {len(chains)} objects looked at: it lives longer than each of them")

    return inspect


def _outlivers_beneath(chains: Sequence[Chain]) -> Mapping[int, set[int]]:
    """By node, the outlivers whose paths run through it. Of an outliver's type only where the paths part."""
    types = {chain.last.type for chain in chains}
    found: dict[int, set[int]] = {}
    ways: dict[int, set[int]] = {}
    for chain in chains:
        for link, following in zip(chain.links, chain.links[1:]):
            found.setdefault(link.node, set()).add(chain.last.node)
            if link.type in types:
                ways.setdefault(link.node, set()).add(following.node)
    return {node: held for node, held in found.items() if node not in ways or _parts(len(ways[node]), len(held))}


def _parts(ways: int, held: int) -> bool:
    """Whether nearly each outliver is held for itself, as in a list, and not all by the next, as in a linked list."""
    return ways >= _SEVERAL and 2 * ways >= held
