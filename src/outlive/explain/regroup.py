"""Findings, once it is known who holds what: one faulty reference is one finding, led by what hangs on it.

The judge groups counters that grow together, for the numbers cannot part two leaks of once a step; who holds them can.
Theory of operation. Each outliver looked at has one explanation. The one of most outlivers explains the finding. Each
other one is either
  a table of weak references: they hold nothing, and stay because what they refer to stays; nothing is said of them;
  another holder of the same objects: it stands in the main one's "also held by", or the main one in its own;
  of a few: always on their way somewhere, or in a cache of the interpreter's; nothing is said of them;
  or another mistake, and makes a finding of its own.
Pure: what was counted stays as it was; only what leads, what is parted or merged, and the fingerprint change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from outlive.explain.links import steady
from outlive.judge.telling import rank
from outlive.model.explanation import Explanation
from outlive.model.series import CounterKey
from outlive.model.verdict import Evidence, Finding, Rate

# A holder of so few of the outlivers looked at, in number and as a share, is not told.
_FEW, _SHARE = 2, 0.05
_WEAK = ("weakref", "weakref.ReferenceType", "weakref.KeyedRef", "weakref.WeakMethod", "weakref.CallableProxyType",
         "weakref.ProxyType", "_weakref.ReferenceType")  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """A finding with the explanations of its outlivers, the one of most outlivers first; none: nothing was found."""

    finding: Finding
    explanations: tuple[Explanation, ...]


def regroup(explained: Sequence[Explained], own_modules: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings with their explanations, in the judge's order; those of one faulty reference are merged."""
    found: dict[tuple[str, str], Finding] = {}
    for at, one in enumerate(explained):
        for finding in _parted(one, own_modules):
            why = finding.explanation
            mistake = (why.fingerprint, steady(why.held_by)) if why and why.fingerprint else ("", str(at))
            found[mistake] = _merged(found[mistake], finding) if mistake in found else finding
    return tuple(found.values())


def _parted(one: Explained, own_modules: Collection[str]) -> Iterator[Finding]:
    """The finding itself, and one for each other mistake that the judge took for a part of it."""
    weakly = {why.held_by for why in one.explanations if _is_weak(why)}
    telling = [why for why in one.explanations if why.held_by not in weakly] or list(one.explanations)
    if not telling:
        yield one.finding
        return
    main, others = telling[0], [why for why in telling[1:] if _is_many(why) and not _are_one(telling[0], why)]
    rest = one.finding
    apart = []
    for other in others:
        taken = _rows_of(rest, other, main)
        if taken:
            rest = _without(rest, taken)
            apart.append(_finding_of(other, taken, own_modules))
    yield _led(replace(rest, explanation=main, fingerprint=main.fingerprint or rest.fingerprint), own_modules)
    yield from apart


def _is_weak(why: Explanation) -> bool:
    """Whether what is put into the holder are weak references; their keys and what hangs on them come along."""
    return any(hop.faulty and hop.type in _WEAK for hop in why.path)


def _is_many(why: Explanation) -> bool:
    return why.explained >= max(_FEW, _SHARE * why.sampled)


def _are_one(main: Explanation, other: Explanation) -> bool:
    """Whether one of them holds what the other does."""
    return _holds(main.held_by, other.also_held_by) or _holds(other.held_by, main.also_held_by)


def _holds(holder: str, expressions: Collection[str]) -> bool:
    return bool(holder) and any(steady(one).startswith(steady(holder)) for one in expressions)


def _rows_of(finding: Finding, other: Explanation, main: Explanation) -> list[Evidence]:
    """The counters of types that hang on the other reference alone, when objects of such a type were counted.

    A finding's own counter stays with it: a thread is not explained away by the locks that it brings along.
    """
    alone = set(other.types) - set(main.types)
    rows = [row for row in (*finding.evidence, *finding.with_it) if row.type in alone]
    if finding.kind != "python-object" and any(row in finding.evidence for row in rows):
        return []
    return rows if any(row.counter == "objects" for row in rows) else []


def _without(finding: Finding, taken: Collection[Evidence]) -> Finding:
    """What is left; nothing leads it when the leading counter was taken, until `_led` finds the next."""
    kept = tuple(row for row in finding.evidence if row not in taken)
    return replace(finding, evidence=kept, with_it=tuple(row for row in finding.with_it if row not in taken))


def _finding_of(why: Explanation, rows: Sequence[Evidence], own_modules: Collection[str]) -> Finding:
    objects = [row for row in rows if row.counter == "objects"]
    leader = min(objects, key=lambda row: rank(_key(row), own_modules))
    own = next((row.rate for row in rows if row.counter == "bytes" and row.type == leader.type), Rate(0.0, 0.0, 0.0))
    rest = tuple(row for row in rows if row != leader)
    return Finding("python-object", leader.type, leader.rate, own, (leader,), why.fingerprint, "", rest, why)


def _led(finding: Finding, own_modules: Collection[str]) -> Finding:
    """Led by the most telling type of which objects hang on the faulty reference; unchanged where that one leads."""
    types = finding.explanation.types if finding.explanation else ()
    rows = (*finding.evidence, *finding.with_it)
    hanging = [row for row in rows if row.counter == "objects" and row.type in types]
    leads = bool(finding.evidence) and (not hanging or any(row.type in types for row in finding.evidence))
    if finding.kind != "python-object" or leads:
        return finding
    leader = min(hanging or rows, key=lambda row: rank(_key(row), own_modules))
    rest = tuple(row for row in rows if row != leader)
    return replace(finding, type=leader.type, count=leader.rate, evidence=(leader,), with_it=rest)


def _merged(first: Finding, second: Finding) -> Finding:
    return replace(first, with_it=(*first.with_it, *second.evidence, *second.with_it))


def _key(row: Evidence) -> CounterKey:
    return CounterKey(row.counter, row.type, row.unit)
