"""A check's result, once native memory was looked at: what is lost is a leak; what is kept explains growth.

The judge may have seen the same mistake already, as memory that grows and that no Python object accounts for: then its
finding stays, and gets cause, count and exact size; what the counter showed stands beside it. What a finding says
already to be lost by native code, on the same line of Python, is not told twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from outlive.explain.context import Context
from outlive.explain.explain import explain_outlivers
from outlive.explain.kept_blocks import KeptPile
from outlive.explain.lost_blocks import LostPile
from outlive.explain.mine import is_of
from outlive.explain.native_origin import Origin
from outlive.explain.native_words import KIND, LOST, kept_explained, loss_evidence, loss_explained
from outlive.heap.heap import Heap
from outlive.model.verdict import CheckResult, Finding, Note, Rate, Verdict

_GROWS = (KIND, "mapping")
# Of what a finding counts a cause must make up so much.
_SHARE = 0.2
_REASON = "native code loses blocks at a steady rate: in three looks at later and later steps nobody could come by them"
_NOTHING = (
    "native memory grows by {:,.0f} B a step, and no block of the C library's allocator that is made in steps accounts "
    "for it: what stays is between blocks (fragmentation, an allocator's cache), or was taken from the system directly"
)


@dataclass(frozen=True)
class NativeSeen:
    """What so many `steps` have shown. `whole`: what is kept was looked at, too, beside `heap`."""

    steps: int
    lost: tuple[LostPile, ...]
    kept: tuple[KeptPile, ...]
    heap: Heap | None = None
    whole: bool = False


def is_unexplained(finding: Finding) -> bool:
    """Whether it is native memory that grows, and nobody knows through whom."""
    why = finding.explanation
    told = why is not None and (why.site is not None or why.native or why.path)
    return finding.kind in _GROWS and not finding.type and not told


def with_native_memory(
    result: CheckResult, seen: NativeSeen, context: Context, *, allow: Collection[str] = (), mine: Collection[str] = ()
) -> CheckResult:
    """The result with its growth explained, and a finding for each mistake that loses blocks."""
    told = {_told_at(one) for one in result.findings}
    lost = [pile for pile in seen.lost if _line(pile.origin) not in told]
    if LOST in allow or KIND in allow:
        lost, notes = [], [Note("allowed", f"is lost, and is allowed to: {LOST}")] if lost else []
    else:
        notes = []
    findings = []
    for finding in result.findings:
        explained = _explained(finding, lost, seen, context) if is_unexplained(finding) else [finding]
        findings += explained
        if not explained[0].explanation or is_unexplained(explained[0]):
            notes += _left_open(explained[0], seen)
        if explained != [finding]:
            lost = []
    others = [loss_finding(pile, context) for pile in lost]
    findings += [one for one in others if not mine or is_of(one.explanation, mine, context.packages)]
    notes += [_not_mine(one) for one in others if one not in findings]
    return _with_verdict(replace(result, findings=tuple(findings), notes=(*result.notes, *notes)))


def loss_finding(pile: LostPile, context: Context) -> Finding:
    """What one function loses at each step, as a finding of its own."""
    why = loss_explained(pile, context)
    return Finding(KIND, "", pile.count, pile.bytes, (loss_evidence(pile),), why.fingerprint, "", (), why)


def _not_mine(finding: Finding) -> Note:
    why = finding.explanation
    return Note("not-mine", f"native memory is lost: {why.sentence if why is not None else ''}")


def _explained(finding: Finding, lost: Sequence[LostPile], seen: NativeSeen, context: Context) -> list[Finding]:
    """The finding with the cause of most of it, and further findings for what else is lost; itself where none is."""
    grown = finding.bytes.per_step
    large = [pile for pile in lost if pile.bytes.per_step >= _SHARE * grown]
    if large:
        first = _with_loss(finding, large[0], context)
        return [first, *(loss_finding(pile, context) for pile in lost if pile is not large[0])]
    kept = [pile for pile in seen.kept if pile.bytes_per_step >= _SHARE * grown]
    if kept:
        return [_with_kept(finding, kept[0], seen.heap, context), *(loss_finding(pile, context) for pile in lost)]
    return [finding]


def _with_loss(finding: Finding, pile: LostPile, context: Context) -> Finding:
    why = loss_explained(pile, context)
    return replace(
        finding,
        kind=KIND,
        count=pile.count,
        bytes=pile.bytes,
        explanation=why,
        fingerprint=why.fingerprint,
        with_it=(loss_evidence(pile), *finding.with_it),
    )


def _with_kept(finding: Finding, pile: KeptPile, heap: Heap | None, context: Context) -> Finding:
    holding = explain_outlivers(heap, pile.nodes, replace(context, outlived=False)) if heap and pile.nodes else ()
    type_name = heap.type_name(pile.nodes[0]) if heap and pile.nodes else ""
    why = kept_explained(pile, type_name, holding[0] if holding else None, context)
    in_bytes = Rate(pile.bytes_per_step, pile.bytes_per_step, pile.bytes_per_step)
    return replace(finding, kind=KIND, bytes=in_bytes, explanation=why, fingerprint=why.fingerprint)


def _left_open(finding: Finding, seen: NativeSeen) -> list[Note]:
    if not seen.whole or finding.kind not in _GROWS:
        return []
    return [Note(KIND, _NOTHING.format(finding.bytes.per_step))]


def _told_at(finding: Finding) -> tuple[str, int] | None:
    """The line of Python that a finding names for what native code lost there, if it is such a finding."""
    why = finding.explanation
    is_lost = why is not None and (finding.kind == KIND or why.native_references > 0)
    return (why.site.file, why.site.line) if why is not None and is_lost and why.site is not None else None


def _line(origin: Origin) -> tuple[str, int]:
    return (origin.site.file, origin.site.line) if origin.site is not None else ("", 0)


def _with_verdict(result: CheckResult) -> CheckResult:
    if result.verdict is Verdict.LEAK or not any(_is_loss(one) for one in result.findings):
        return result
    return replace(result, verdict=Verdict.LEAK, reason=_REASON)


def _is_loss(finding: Finding) -> bool:
    return any(row.counter == LOST for row in finding.evidence)
