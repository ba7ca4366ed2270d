"""An object that was there all along, and whose reference count rises with each step although nobody refers to it more.

Native code that is given the object takes a reference and never gives it back. Nothing new is kept, so there is no
outliver to ask; what can be told is which object it is, who does hold it, and that it can never go any more.

Or the other way round: it counts fewer references than there are. Native code let go of references that it did not own;
with enough of that the object is freed while it is in use, and the program reads memory that is another's by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.faulty import hops_to
from outlive.explain.fingerprint import digest
from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE, chain_of, short, steady
from outlive.model.explanation import Explanation, State

# Of an object to which so many refer (a name, a small number), single holders say nothing, and take long to find.
_MOST_HOLDERS, _EVERYWHERE = 4, 10_000


@dataclass(frozen=True)
class Drift:
    """`node` has `more` references that nothing explains than it had `steps` steps before; below 0, so many too few."""

    node: int
    more: int
    steps: int


def explain_drifting(heap: AskedHeap, drifts: Sequence[Drift], context: Context) -> tuple[Explanation, ...]:
    """One explanation for each object, in the order given."""
    return tuple(_explain(heap, one, context) for one in drifts)


def _explain(heap: AskedHeap, drift: Drift, context: Context) -> Explanation:
    node, kind = drift.node, heap.type_name(drift.node)
    path = heap.path(node)
    chain = chain_of(heap, path) if path is not None else None
    named = chain.expression if chain is not None and chain.root_kind != NATIVE else ""
    reason = _reason(drift)
    hops = hops_to(heap, chain, State.STUCK, reason) if chain is not None else ()
    facts = Facts(
        kind=context.kind,
        type=plain(kind),
        hops=hops,
        native_references=heap.unexplained(node),
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    is_everywhere = heap.referrer_count(node) > _EVERYWHERE
    paths = [] if is_everywhere else heap.holders(node, _MOST_HOLDERS)
    holders = [one.expression for one in paths if one.root.kind != NATIVE]
    return Explanation(
        sentence=_sentence(heap, drift, named),
        path=hops,
        held_by="native code",
        also_held_by=tuple(one for one in holders if one != named),
        native_references=heap.unexplained(node),
        retained_bytes=heap.retained_bytes(node),
        explained=1,
        sampled=1,
        types=(plain(kind),),
        advice=match(facts),
        fingerprint=digest(context.kind, "drifting" if drift.more > 0 else "overdrawn", plain(kind), steady(named)),
    )


def _reason(drift: Drift) -> str:
    if drift.more < 0:
        return f"counts {-drift.more:,} references fewer than there are"
    return f"{drift.more:,} more references than {drift.steps:,} steps before, and no object refers to it more"


def _sentence(heap: AskedHeap, drift: Drift, named: str) -> str:
    kind = short(heap.type_name(drift.node))
    name = heap.what(drift.node) or (heap.text(drift.node) if kind in ("int", "str") else "") or ""
    which = (
        f"`{named}` (the {kind}{f' {name}' if name else ''})" if named else f"one {kind}{f' ({name})' if name else ''}"
    )
    if drift.more < 0:
        return (
            f"Native code let go of {which} {-drift.more:,} times too often: that many more references to it are in "
            "use than it counts. When its count reaches nought it is freed while it is still in use: the program "
            "crashes, or reads what another object left there."
        )
    return (
        f"The reference count of {which} rises by {_rate(drift)} a step, and no object refers to it more: native code "
        "that is given it takes references and never gives them back. It is one and the same object each time."
    )


def _rate(drift: Drift) -> str:
    """
    >>> _rate(Drift(1, 200, 100)), _rate(Drift(1, 25, 100))
    ('2', '0.25')
    """
    return f"{drift.more / max(drift.steps, 1):.3g}"
