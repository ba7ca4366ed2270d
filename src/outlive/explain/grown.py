"""A container that grows by what is not new: the same object again and again, or None. Who holds the container?

Nothing outlives a step here but the room that the container takes, so no object is stuck; the reference to find is the
container itself. Several that grew are told the most grown first.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.faulty import held_count
from outlive.explain.fingerprint import fingerprint
from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE, Chain, chain_of
from outlive.explain.owner import owner_of_holder, owner_of_site, site_to_tell
from outlive.model.explanation import Explanation, Hop, State


def explain_grown(heap: AskedHeap, nodes: Sequence[int], context: Context) -> tuple[Explanation, ...]:
    """One explanation for each container of `nodes` that a Python object holds, in the order given."""
    chains = [chain_of(heap, path) for path in map(heap.path, nodes) if path is not None]
    return tuple(_explain(heap, chain, context) for chain in chains if chain.links and chain.root_kind != NATIVE)


def _explain(heap: AskedHeap, chain: Chain, context: Context) -> Explanation:
    last, more = len(chain.links) - 1, context.grew(chain.last.node)
    site = site_to_tell(context.site_of(chain.last.node), context)
    kind = plain(chain.last.type).rpartition(".")[2]
    return Explanation(
        sentence=f"`{chain.expression}` (a {kind}) only ever grows: {more:,} more references since an earlier look.",
        path=_hops(heap, chain, more),
        held_by=chain.expression,
        owner=owner_of_holder(chain, last, context),
        site=site,
        made_by=owner_of_site(site, context),
        retained_bytes=heap.retained_bytes(chain.last.node),
        explained=1,
        sampled=1,
        types=(chain.last.type,),
        fingerprint=fingerprint("grown", chain, (last,)),
    )


def _hops(heap: AskedHeap, chain: Chain, more: int) -> tuple[Hop, ...]:
    last = len(chain.links) - 1
    return tuple(
        Hop(
            label=link.label,
            pattern=link.pattern,
            type=plain(link.type),
            what=link.what,
            state=State.UNKNOWN,
            reason=f"holds {more:,} more references than before" if at == last else "",
            faulty=at == last,
            count=held_count(heap, link.node),
        )
        for at, link in enumerate(chain.links)
    )
