"""A container that grows by what is not new: the same object again and again, or None. Who holds the container?

Nothing outlives a step here but the room that the container takes, so no object is stuck; the reference to find is the
container itself. Several that grew are told the most grown first.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.faulty import hops_to
from outlive.explain.fingerprint import fingerprint
from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE, Chain, chain_of
from outlive.explain.owner import owner_of_holder, owner_of_site, site_to_tell
from outlive.model.explanation import Explanation, State


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
        path=hops_to(heap, chain, State.UNKNOWN, f"holds {more:,} more references than before", faulty=True),
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
