"""Findings, once it is known who holds what: one faulty reference is one finding, led by what hangs on it.

The judge groups counters that grow together; the explanation says which of them really hang on one reference. Pure:
counts and statistics stay as they are, only what leads, what is merged and the fingerprint change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from outlive.judge.telling import rank
from outlive.model.explanation import Explanation
from outlive.model.series import CounterKey
from outlive.model.verdict import Evidence, Finding

# A holder of so few of the outlivers looked at, in number and as a share, is not named beside the main one.
_FEW, _SHARE = 2, 0.05


@dataclass(frozen=True)
class Explained:
    """A finding with the explanations of its outlivers, the one of most outlivers first; none: nothing was found."""

    finding: Finding
    explanations: tuple[Explanation, ...]


def regroup(explained: Sequence[Explained], own_modules: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings with their explanations, in the judge's order; those of one faulty reference are merged."""
    found: list[Finding] = []
    place_of: dict[str, int] = {}
    for one in explained:
        finding = _led_by_what_hangs_on_it(one, own_modules)
        mistake = finding.explanation.fingerprint if finding.explanation else ""
        if mistake and mistake in place_of:
            at = place_of[mistake]
            found[at] = _merged(found[at], finding)
            continue
        if mistake:
            place_of[mistake] = len(found)
        found.append(finding)
    return tuple(found)


def _led_by_what_hangs_on_it(one: Explained, own_modules: Collection[str]) -> Finding:
    finding = one.finding
    if not one.explanations:
        return finding
    main, others = one.explanations[0], one.explanations[1:]
    holders = (other.held_by for other in others if _is_many(other))
    also = tuple(holder for holder in dict.fromkeys((*main.also_held_by, *holders)) if holder not in ("", main.held_by))
    finding = replace(finding, explanation=replace(main, also_held_by=also))
    if main.fingerprint:
        finding = replace(finding, fingerprint=main.fingerprint)
    return _with_leader(finding, main.types, own_modules) if finding.kind == "python-object" else finding


def _is_many(other: Explanation) -> bool:
    """A few of the objects looked at are always on their way, or in some cache of the interpreter's."""
    return other.explained >= max(_FEW, _SHARE * other.sampled)


def _with_leader(finding: Finding, types: Collection[str], own_modules: Collection[str]) -> Finding:
    """Led by the most telling type of which objects hang on the faulty reference; unchanged where that one leads."""
    rows = (*finding.evidence, *finding.with_it)
    hanging = [row for row in rows if row.counter == "objects" and row.type in types]
    if not hanging or any(row.type in types for row in finding.evidence):
        return finding
    leader = min(hanging, key=lambda row: rank(_key(row), own_modules))
    rest = tuple(row for row in rows if row != leader)
    return replace(finding, type=leader.type, count=leader.rate, evidence=(leader,), with_it=rest)


def _merged(first: Finding, second: Finding) -> Finding:
    return replace(first, with_it=(*first.with_it, *second.evidence, *second.with_it))


def _key(row: Evidence) -> CounterKey:
    return CounterKey(row.counter, row.type, row.unit)
