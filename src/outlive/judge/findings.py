"""From judged counters to findings: one mistake is one finding. Knows kinds and companions; thresholds are elsewhere.

The most telling leaking counter leads; everything that grows along with it is its illustration. What leaks on its
own terms makes the next finding. Totals (blocks, native and mapped bytes) lead only when nothing that they could be
counting grows with them: memory lost by native code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from outlive.judge.assessment import Assessment
from outlive.judge.companions import grow_together, is_another_mistake
from outlive.judge.growth import Judgement, State
from outlive.judge.telling import OVER_RELEASED, kind_of, origin, rank
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Evidence, Finding, Rate

_NOTHING = Rate(0.0, 0.0, 0.0)
# The share of leaking objects that unexplained references must reach to say "native code forgot to let go".
_MOST = 0.8


def findings_of(
    assessment: Assessment, series: Mapping[CounterKey, Series], *, own_modules: Collection[str] = ()
) -> tuple[Finding, ...]:
    """The findings, the most telling first. `own_modules` are the scenario's: their classes lead before others."""
    leaking = sorted(assessment.leaks, key=lambda key: rank(key, own_modules))
    rising = {key: one for key, one in assessment.judged.items() if one.rate.per_step > 0 and one.state != State.FLAT}
    found: list[Finding] = []
    while leaking:
        leader = leaking.pop(0)
        with_it = [key for key in rising if key != leader and _belongs(key, leader, rising, series)]
        leaking = [key for key in leaking if key not in with_it]
        members = {key: rising.pop(key) for key in [leader, *sorted(with_it, key=lambda key: rank(key, own_modules))]}
        found.append(_finding(leader, members))
    return tuple(found)


def fingerprint(kind: str, counter: str, type_name: str) -> str:
    """The identity of a mistake over runs, machines and interpreters: no address, no amount.

    >>> fingerprint("fd", "fds", "socket") == fingerprint("fd", "fds", "socket")
    True
    """
    return hashlib.sha256("\0".join((kind, counter, type_name)).encode()).hexdigest()[:12]


def with_series(finding: Finding, series: Mapping[CounterKey, Series]) -> Finding:
    """The finding with the readings behind its evidence, for whoever draws them."""
    keys = [CounterKey(row.counter, row.type, row.unit) for row in finding.evidence]
    beside = (row for row in finding.with_it if row.counter == "bytes" and row.type == finding.type)
    keys += [CounterKey(row.counter, row.type, row.unit) for row in beside]
    return replace(finding, series=tuple(series[key] for key in keys if key in series))


def evidence_of(key: CounterKey, one: Judgement) -> Evidence:
    """What was seen of one counter, in the words of the result."""
    return Evidence(
        counter=key.counter,
        type=key.type,
        rate=one.rate,
        steps=one.steps,
        before=one.before,
        after=one.after,
        floors_up=one.ups,
        floors_down=one.downs,
        e_value=one.e_value,
        unit=key.unit,
    )


def _belongs(
    key: CounterKey, leader: CounterKey, rising: Mapping[CounterKey, Judgement], series: Mapping[CounterKey, Series]
) -> bool:
    if OVER_RELEASED in (key.counter, leader.counter):
        return False  # no leak, and no leak's echo: another mistake, whatever grows beside it
    if key.counter == "mapped":
        return True  # whatever leaks takes addresses sooner or later, arena by arena
    own_class = key.counter == "objects" and origin(key.type) < 3
    if own_class and rising[key].state == State.LEAK and is_another_mistake(rising[leader], rising[key]):
        return False
    return grow_together(series[leader], rising[leader], series[key], rising[key])


def _finding(leader: CounterKey, members: Mapping[CounterKey, Judgement]) -> Finding:
    kind = "native" if _lost_by_native_code(leader, members) else kind_of(leader.counter)
    evidence = {key: evidence_of(key, one) for key, one in members.items()}
    return Finding(
        kind=kind,
        type=leader.type,
        count=members[leader].rate if not leader.unit else _NOTHING,
        bytes=_bytes_of(leader, members),
        evidence=(evidence.pop(leader),),
        fingerprint=fingerprint(kind, leader.counter, leader.type),
        detail=_detail(leader, members),
        with_it=tuple(evidence.values()),
    )


def _bytes_of(leader: CounterKey, members: Mapping[CounterKey, Judgement]) -> Rate:
    """Python's own sizes where types are known; else malloc's figure; else what is mapped."""
    for counter in ("bytes", "native", "mapped"):
        rates = [one.rate for key, one in members.items() if key.counter == counter]
        if rates and (counter == "bytes" or leader.counter in ("blocks", "native", "references", "mapped")):
            return _sum(rates)
    return _NOTHING


def _sum(rates: Iterable[Rate]) -> Rate:
    """Ends added to ends: too wide rather than too narrow, since companions do not vary independently."""
    parts = [(rate.per_step, rate.low, rate.high) for rate in rates]
    middle, low, high = (sum(column) for column in zip(*parts))
    return Rate(middle, low, high)


def _lost_references(leader: CounterKey, members: Mapping[CounterKey, Judgement]) -> bool:
    """Whether nearly each leaked object of the leading type has a reference that no object holds."""
    lost = members.get(CounterKey("references", leader.type))
    return bool(lost and lost.rate.per_step >= _MOST * members[leader].rate.per_step)


def _lost_by_native_code(leader: CounterKey, members: Mapping[CounterKey, Judgement]) -> bool:
    return leader.counter == "objects" and origin(leader.type) == 3 and _lost_references(leader, members)


def _detail(leader: CounterKey, members: Mapping[CounterKey, Judgement]) -> str:
    if leader.counter == OVER_RELEASED:
        return (
            "native code lets go of references that it does not own: what is still in use will be freed under its users"
        )
    if leader.counter == "references":
        return "references that no object holds: native code took them and never gave them back"
    if leader.counter == "objects" and _lost_references(leader, members):
        return "each is kept by a reference that no object holds: native code took it and never gave it back"
    if leader.counter == "items":
        return "a container grows; what is put in is not new, or is counted elsewhere"
    if leader.counter in ("blocks", "native"):
        return "no Python object accounts for it: memory that native code took and never gave back"
    if leader.counter in ("threads", "children", "tasks", "timers", "fds", "temp-files"):
        objects = [key.type for key in members if key.counter == "objects" and origin(key.type) < 3]
        return f"with it stay {objects[0]} objects" if objects else ""
    return ""
