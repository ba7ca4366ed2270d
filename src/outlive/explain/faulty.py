"""Which reference should not be there: the one from the last expected object to the first stuck one.

When objects of unknown state lie between, any reference in that range may be the mistake. The first named is chosen by
a rule, and the others are marked along with it, for we do not pretend to know:
 1. the reference from the container that grew since an earlier snapshot;
 2. else the reference into the first object known to be made by a step, when the object before is not;
 3. else the reference out of the container in the range that holds most objects of one type, if it holds several;
 4. else the first of the range.
Objects that many outlivers share are expected (see sharing.py), so the place where their paths part needs no rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer
from outlive.explain.kinds import plain
from outlive.explain.links import Chain, Link
from outlive.model.explanation import Hop, State

# A container that holds so many objects of one type is one that objects are put into, again and again.
_SEVERAL = 4
_LOOKED_AT = 10_000


def faulty_links(heap: AskedHeap, links: Sequence[Link], states: Sequence[Answer], context: Context) -> tuple[int, ...]:
    """Indices of the links whose references may be the mistake, the named one first; empty when nothing is stuck."""
    stuck = next((at for at, one in enumerate(states) if one.state is State.STUCK), None)
    if stuck is None:
        return ()
    border = max((at for at, one in enumerate(states[:stuck]) if one.state is State.EXPECTED), default=-1)
    candidates = list(range(border + 1, stuck + 1))
    named = _named(heap, links, candidates, context)
    return (named, *(at for at in candidates if at != named))


def _named(heap: AskedHeap, links: Sequence[Link], candidates: Sequence[int], context: Context) -> int:
    if len(candidates) == 1:
        return candidates[0]
    sources = [at for at in candidates if at > 0]
    grown = max(sources, key=lambda at: context.grew(links[at - 1].node), default=0)
    if grown and context.grew(links[grown - 1].node) > 0:
        return grown
    if context.is_new(links[candidates[-1]].node):
        return candidates[-1]
    alike = {at: _alike(heap, links[at - 1].node) for at in sources}
    fullest = max(alike, key=lambda at: alike[at], default=0)
    return fullest if alike.get(fullest, 0) >= _SEVERAL else candidates[0]


def _alike(heap: AskedHeap, node: int) -> int:
    """How many objects of one type a container holds, among the first it holds."""
    held = Counter(heap.type_name(one) for one in islice(heap.elements(node), _LOOKED_AT))
    return max(held.values(), default=0)


def held_count(heap: AskedHeap, node: int) -> int:
    """How many elements or items a collection holds; 0 for what is none."""
    return heap.length(node)


def hops_to(heap: AskedHeap, chain: Chain, state: State, reason: str, *, faulty: bool = False) -> tuple[Hop, ...]:
    """A path of which only the last object is said anything about."""
    last = len(chain.links) - 1
    return tuple(
        Hop(
            label=link.label,
            pattern=link.pattern,
            type=plain(link.type),
            what=link.what,
            state=state if at == last else State.UNKNOWN,
            reason=reason if at == last else "",
            faulty=faulty and at == last,
            count=held_count(heap, link.node),
        )
        for at, link in enumerate(chain.links)
    )
