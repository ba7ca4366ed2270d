"""Why outlivers live: from nodes of a heap to explanations, the most common first. Wires this room; decides nothing.

Of each outliver one path is asked. Together they show what is shared; singly they are judged, and grouped by the
fingerprint of their faulty reference and the way to its holder. One explanation stands for each group, told on the
member with the shortest path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.asked import AskedCycle, AskedHeap
from outlive.explain.context import Context
from outlive.explain.face import Face
from outlive.explain.families import FAMILIES, OURS, family_of
from outlive.explain.faulty import faulty_links, held_count
from outlive.explain.fingerprint import fingerprint
from outlive.explain.hidden_cycles import explain_hidden_cycles
from outlive.explain.inspectors import inspect
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE, Chain, Link, chain_of, steady
from outlive.explain.owner import owner_of_holder, owner_of_site, place_of, site_to_tell
from outlive.explain.sentence import Told, held_by, sentence
from outlive.explain.sharing import shared_by
from outlive.explain.states import judge_links
from outlive.explain.unheld import explain_unheld, topmost
from outlive.heap.heap import Heap
from outlive.model.explanation import Explanation, Hop, State

_MOST_HOLDERS = 4


@dataclass(frozen=True)
class _Judged:
    """One outliver's path with its states, and which references on it are suspect."""

    chain: Chain
    states: tuple[Answer, ...]
    faulty: tuple[int, ...]
    fingerprint: str


def explain_outlivers(heap: Heap, nodes: Sequence[int], context: Context) -> tuple[Explanation, ...]:
    """One explanation for each mistake that keeps some of `nodes` alive, the most common first.

    `nodes` are a sample; `explained` of an explanation says how many of them it accounts for.
    """
    return explain_asked(Face(heap), nodes, context)


def explain_asked(heap: AskedHeap, nodes: Sequence[int], context: Context) -> tuple[Explanation, ...]:
    """The same of any heap that answers what is asked."""
    rings = [(ring, node) for node in nodes if (ring := heap.hidden_cycle(node)) is not None]
    ringed = {node for _, node in rings}
    chains, unheld = _chains(heap, [node for node in nodes if node not in ringed], context)
    unheld, alike = _apart(heap, unheld, rings)
    shared = shared_by(chains, context)
    groups: dict[tuple[str, str], list[_Judged]] = {}
    for chain in chains:
        one = _judge(heap, chain, context, shared)
        groups.setdefault((one.fingerprint, _holder_pattern(one)), []).append(one)
    told = [_explain(heap, group, len(nodes), context) for group in groups.values()]
    told.extend(explain_hidden_cycles(heap, rings + alike, len(nodes), context))
    told.extend(explain_unheld(heap, unheld, len(nodes), context))
    return tuple(sorted(told, key=lambda one: (one.family == FAMILIES[0].name, -one.explained)))


def _chains(heap: AskedHeap, nodes: Sequence[int], context: Context) -> tuple[list[Chain], list[tuple[int, int]]]:
    """Paths of those that have one; of the others, each with the object that it hangs on and that nobody holds.

    That is itself where no root reaches it, or the object which native code refers to when a step made that too: then
    nothing older than the step is on the path, and the mistake is at its head.
    """
    chains: list[Chain] = []
    unheld: list[tuple[int, int]] = []
    for node in nodes:
        path = heap.path(node)
        chain = chain_of(heap, path) if path is not None else None
        if chain is None:
            unheld.append((node, node))
        elif chain.root_kind == NATIVE and (len(chain.links) <= 1 or context.is_new(chain.links[0].node)):
            head = chain.links[0].node if chain.links else node
            unheld.append((topmost(heap, head, context), node))
        else:
            chains.append(chain)
    return chains, unheld


def _apart(
    heap: AskedHeap, unheld: list[tuple[int, int]], rings: Sequence[tuple[AskedCycle, int]]
) -> tuple[list[tuple[int, int]], list[tuple[AskedCycle, int]]]:
    """Where not all memory was looked at: what no Python object holds, without those whose likes are in hidden cycles,
    and these, each with the cycle of one of its likes."""
    if not rings or not heap.memory_left_out():
        return unheld, []
    ring_of = {heap.type_name(part): ring for ring, _ in rings for part in ring.nodes}
    alike = [(ring_of[heap.type_name(head)], node) for head, node in unheld if heap.type_name(head) in ring_of]
    return [one for one in unheld if heap.type_name(one[0]) not in ring_of], alike


def _judge(heap: AskedHeap, chain: Chain, context: Context, shared: Callable[[int], Answer | None]) -> _Judged:
    states = judge_links(chain.links, lambda node: _answer(heap, chain, node, context), shared)
    faulty = faulty_links(heap, chain.links, states, context)
    return _Judged(chain, states, faulty, fingerprint(context.kind, chain, faulty))


def _answer(heap: AskedHeap, chain: Chain, node: int, context: Context) -> Answer | None:
    """What inspectors say; the outliver itself is stuck by what is asked, unless this is any object."""
    answer = inspect(heap, node, context)
    started = chain.thread and chain.thread.thread_object
    if started and node == chain.links[0].node and context.is_new(started):
        return stuck("runs in a thread that a step started and nothing has stopped")
    if context.outlived and node == chain.last.node and not (answer and answer.state is State.STUCK):
        more = f"; {answer.reason}" if answer and answer.state is State.UNKNOWN else ""
        return stuck(f"alive after the step that made it{more}")
    if node == chain.links[0].node and chain.root_kind == NATIVE and answer is None:
        return unknown("native code refers to it")
    return answer


def _explain(heap: AskedHeap, group: Sequence[_Judged], sampled: int, context: Context) -> Explanation:
    one = _plainest(group, context)
    chain, node = one.chain, one.chain.last.node
    site, family = site_to_tell(context.site_of(node), context), family_of(chain)
    hops = _hops(heap, one)
    owner = owner_of_holder(chain, one.faulty[0] - 1 if one.faulty else len(chain.links) - 1, context)
    references = heap.unexplained(chain.links[0].node if chain.root_kind == NATIVE else node)
    linked = any(_is_linked(each) for each in group)
    told = Told(chain, hops, one.faulty, site, references, family.words if family else "", linked)
    explanation = Explanation(
        sentence=sentence(told),
        path=hops,
        held_by=held_by(chain, one.faulty),
        owner=owner,
        site=site,
        made_by=owner_of_site(site, context),
        family=family.name if family else "",
        also_held_by=_others(heap, one),
        native_references=references,
        retained_bytes=heap.retained_bytes(node),
        explained=len(group),
        sampled=sampled,
        types=tuple(kind for kind, _ in Counter(plain(each.chain.last.type) for each in group).most_common()),
        fingerprint=one.fingerprint,
    )
    return replace(explanation, advice=match(_facts(explanation, chain, context)))


def _plainest(group: Sequence[_Judged], context: Context) -> _Judged:
    """The member to tell it on: of the type that was asked about first, made where most are, with the shortest path."""
    asked_first = [each for each in group if each.chain.last.type == group[0].chain.last.type]
    sites = {each.chain.last.node: place_of(context.site_of(each.chain.last.node)) for each in asked_first}
    usual, _ = Counter(sites.values()).most_common(1)[0]
    usually = [each for each in asked_first if sites[each.chain.last.node] == usual]
    return min(usually, key=lambda each: (len(each.chain.links), len(each.chain.expression)))


def _is_linked(one: _Judged) -> bool:
    """Whether what the faulty reference leads to leads to others of its type, as in a linked list."""
    kept = one.chain.links[min(one.faulty, default=0) :]
    return any(link.type == kept[0].type for link in kept[1:])


def _hops(heap: AskedHeap, one: _Judged) -> tuple[Hop, ...]:
    return tuple(
        Hop(
            label=link.label,
            pattern=link.pattern,
            type=plain(link.type),
            what=link.what,
            state=answer.state,
            reason=answer.reason,
            faulty=at in one.faulty,
            count=held_count(heap, link.node),
        )
        for at, (link, answer) in enumerate(zip(one.chain.links, one.states))
    )


def _others(heap: AskedHeap, one: _Judged) -> tuple[str, ...]:
    """What still holds the first stuck object when the faulty reference is gone; like ones count once."""
    at = min(one.faulty, default=len(one.chain.links) - 1)
    node, holder = one.chain.links[at].node, one.chain.links[at - 1].node if at else 0
    seen = {_pattern(one.chain.links[: at + 1])}
    others = []
    for path in heap.holders(node, _MOST_HOLDERS, [(holder, node)] if holder else []):
        links = chain_of(heap, path).links
        pattern = _pattern(links)
        is_same = bool(holder) and len(links) > 1 and links[-2].node == holder
        if pattern not in seen and path.root.kind != OURS and not is_same:
            others.append(path.expression)
        seen.add(pattern)
    return tuple(others)


def _holder_pattern(one: _Judged) -> str:
    """Two caches of one class are one kind of mistake, and yet two places to mend."""
    return "" if one.chain.thread else _pattern(one.chain.links[: min(one.faulty, default=0)])


def _pattern(links: Sequence[Link]) -> str:
    return "".join(steady(link.pattern) for link in links)


def _facts(told: Explanation, chain: Chain, context: Context) -> Facts:
    return Facts(
        kind=context.kind,
        type=plain(chain.last.type),
        hops=told.path,
        held_by=told.held_by,
        root=chain.root,
        family=told.family,
        site=told.site,
        owner=told.owner,
        native_references=told.native_references,
        counters=context.counters,
        problem=context.problem,
        versions=context.packages.versions,
        python=context.packages.python,
    )
