"""Cycles that the collector cannot see, told: which type hides the reference, and the way round to what outlives.

That a word in an object's memory is a reference of its own, and not borrowed, no heap can prove; so it is told as most
likely. One explanation for each type that hides, whatever hangs on its rings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.asked import AskedCycle, AskedHeap
from outlive.explain.context import Context
from outlive.explain.faulty import held_count
from outlive.explain.fingerprint import digest
from outlive.explain.kinds import plain
from outlive.explain.owner import owner_of_site, owner_of_type, place_of, site_to_tell
from outlive.explain.sentence import in_hidden_cycle
from outlive.model.explanation import Explanation, Hop, State

_HIDES = "most likely hides a reference from the collector: its memory holds one that its type does not show"


def explain_hidden_cycles(
    heap: AskedHeap, found: Sequence[tuple[AskedCycle, int]], sampled: int, context: Context
) -> tuple[Explanation, ...]:
    """`found`: (cycle, outliver that it keeps)."""
    groups: dict[str, list[tuple[AskedCycle, int]]] = {}
    for cycle, node in found:
        groups.setdefault(heap.type_name(cycle.through), []).append((cycle, node))
    return tuple(_explain(heap, group, sampled, context) for group in groups.values())


def _explain(heap: AskedHeap, group: Sequence[tuple[AskedCycle, int]], sampled: int, context: Context) -> Explanation:
    cycle, node = _plainest(heap, group, context)
    node = cycle.nodes[-1]
    kind, through = heap.type_name(node), plain(heap.type_name(cycle.through))
    site, owner = site_to_tell(context.site_of(node), context), owner_of_type(through, context)
    hops = _hops(heap, cycle)
    facts = Facts(
        kind=context.kind,
        type=plain(kind),
        hops=hops,
        held_by=through,
        site=site,
        owner=owner,
        native_references=1,
        hidden_cycle=True,
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    return Explanation(
        sentence=in_hidden_cycle(kind, site, through),
        path=hops,
        held_by=through,
        owner=owner,
        site=site,
        made_by=owner_of_site(site, context),
        advice=match(facts),
        retained_bytes=heap.retained_bytes(node),
        explained=len(group),
        sampled=sampled,
        types=tuple(one for one, _ in Counter(plain(heap.type_name(each)) for _, each in group).most_common()),
        fingerprint=digest(context.kind, "hidden-cycle", through),
    )


def _plainest(heap: AskedHeap, group: Sequence[tuple[AskedCycle, int]], context: Context) -> tuple[AskedCycle, int]:
    """One of the type that was asked about first, made where most are, with the shortest way."""
    first = heap.type_name(group[0][1])
    alike = [one for one in group if heap.type_name(one[1]) == first]
    usual, _ = Counter(place_of(context.site_of(node)) for _, node in alike).most_common(1)[0]
    usually = [one for one in alike if place_of(context.site_of(one[1])) == usual]
    own = [one for one in usually if one[0].nodes[-1] == one[1]]  # others are told with the cycle of one of their likes
    return min(own or alike, key=lambda one: len(one[0].nodes))


def _hops(heap: AskedHeap, cycle: AskedCycle) -> tuple[Hop, ...]:
    """What hides, its hidden reference, and the way from there."""
    head = Hop("a cycle through", "a cycle through", plain(heap.type_name(cycle.through)), heap.what(cycle.through),
               State.STUCK, _HIDES)  # fmt: skip
    rest = tuple(
        Hop(
            label,
            pattern,
            plain(heap.type_name(node)),
            heap.what(node),
            State.STUCK,
            "",
            not at,
            held_count(heap, node),
        )
        for at, (label, pattern, node) in enumerate(cycle.hops())
    )
    return (head, *rest)
