"""Objects that no Python object holds: kept by native code, or just garbage. Hidden cycles are told elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.fingerprint import digest
from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE
from outlive.explain.owner import owner_of_site, owner_of_type, place_of, site_to_tell
from outlive.explain.sentence import unheld
from outlive.model.explanation import Explanation, Hop, Owner, OwnerKind, State

NATIVE_HOLDER = "native code"
# How far up, and among how many holders, the topmost object is looked for.
_HIGHEST, _MOST_HOLDERS = 6, 100


def explain_unheld(
    heap: AskedHeap, hanging: Sequence[tuple[int, int]], sampled: int, context: Context
) -> tuple[Explanation, ...]:
    """One explanation for each type of head. `hanging`: (head, outliver) where no Python object holds the head."""
    groups: dict[str, list[tuple[int, int]]] = {}
    for head, outliver in hanging:
        groups.setdefault(heap.type_name(head), []).append((head, outliver))
    return tuple(_explain(heap, group, sampled, context) for group in groups.values())


def _explain(heap: AskedHeap, group: Sequence[tuple[int, int]], sampled: int, context: Context) -> Explanation:
    heads = [head for head, _ in group]
    usual, _ = Counter(place_of(context.site_of(head)) for head in heads).most_common(1)[0]
    node = max((head for head in heads if place_of(context.site_of(head)) == usual), key=heap.unexplained)
    kind, references, site = heap.type_name(node), heap.unexplained(node), site_to_tell(context.site_of(node), context)
    label = NATIVE_HOLDER if references else "a cycle"
    hop = Hop(label, label, kind, heap.what(node), *_state(references), faulty=bool(references))
    owner = _owner(kind, references, context)
    facts = Facts(
        kind=context.kind,
        type=plain(kind),
        hops=(replace(hop, label="", pattern="", faulty=False),),
        site=site,
        owner=owner,
        native_references=references,
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    return Explanation(
        sentence=unheld(kind, site, references),
        path=(hop,),
        held_by=NATIVE_HOLDER if references else "",
        owner=owner,
        site=site,
        made_by=owner_of_site(site, context),
        advice=match(facts),
        native_references=references,
        retained_bytes=heap.retained_bytes(node),
        explained=len(group),
        sampled=sampled,
        types=tuple(dict.fromkeys((plain(kind), *(plain(heap.type_name(outliver)) for _, outliver in group)))),
        fingerprint=digest(context.kind, NATIVE if references else "garbage", plain(kind)),
    )


def _state(references: int) -> tuple[State, str]:
    if references:
        return State.STUCK, "its reference count is higher than the references that all objects hold"
    return State.UNKNOWN, "only a cycle holds it: the collector has not run since"


def _owner(kind: str, references: int, context: Context) -> Owner:
    """Whose native code it is can be told from a type of an extension module alone; builtins are made by all."""
    return owner_of_type(kind, context) if references else Owner(OwnerKind.UNKNOWN)


def topmost(heap: AskedHeap, head: int, context: Context) -> int:
    """The object that native code keeps and that, through new objects, keeps `head` too; `head` when there is none.

    A hidden memo holds an object and the object's parts alike: the mistake is the one object.
    """
    seen, waiting, found = {head}, [head], head
    for _ in range(_HIGHEST):
        holders = [one.source for node in waiting for one in heap.referrers(node)]
        waiting = [node for node in dict.fromkeys(holders) if node not in seen and context.is_new(node)]
        seen.update(waiting)
        if not waiting or len(seen) > _MOST_HOLDERS:
            break
        found = next((node for node in waiting if heap.unexplained(node)), found)
    return found
