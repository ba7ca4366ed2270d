"""What outlived its end in a check, beside what grew: one mistake is told once, and which of them are leaks. Pure.

Growth and lifetimes see the same objects by different means. A leftover that hangs on a finding's faulty reference, or
is of the type that a finding counts, is that finding's: its explanation gains what had ended. What is left over stands
by itself; it is a leak where an end was declared (by a contract, `outlive.ends`, a scope) or a proof says that it can
never wake, where a root holds it, and where nothing makes it harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from outlive.explain.links import short, steady
from outlive.explain.owner import frames_of
from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, Leftover, StuckGrade
from outlive.model.verdict import Finding

_ENDS_IN_A_LINE = 3


@dataclass(frozen=True)
class Told:
    """Findings that gained what had ended, and the leftovers that are told beside them."""

    findings: tuple[Finding, ...]
    leftovers: tuple[Leftover, ...]


def told_once(findings: Sequence[Finding], leftovers: Sequence[Leftover]) -> Told:
    """Each mistake in one place."""
    gained: dict[int, list[Leftover]] = {}
    beside = []
    for one in leftovers:
        at = next((at for at, finding in enumerate(findings) if _is_of(one, finding)), None)
        if at is None:
            beside.append(one)
        else:
            gained.setdefault(at, []).append(one)
    return Told(tuple(_gaining(one, gained.get(at, ())) for at, one in enumerate(findings)), tuple(beside))


def is_leak(one: Leftover) -> bool:
    """Whether it is a leak by itself, without growth."""
    if one.answer is not Answer.HELD or one.harmless:
        return False
    return one.stuck is not StuckGrade.NOT or bool(one.lifetime)


def _is_of(one: Leftover, finding: Finding) -> bool:
    why = finding.explanation
    other = one.explanation
    if why is not None and other is not None and why.held_by and steady(why.held_by) == steady(other.held_by):
        return True
    if why is not None and _lines(one.made_at) and _lines(why.site):
        together = bool(_lines(one.made_at) & _lines(why.site))
        if one.harmless and together:
            return True  # what one line leaves open beside what it leaks needs no note of its own
        if not together:
            return False
    if finding.kind == one.kind and finding.kind != "python-object":
        return True
    counted = {row.type for row in (*finding.evidence, *finding.with_it) if row.counter == "objects"}
    kept = {hop.type for hop in one.explanation.path[-1:]} if one.explanation else set()
    return bool(({one.type} | kept) & counted)


def _lines(site: Site | None) -> set[tuple[str, int]]:
    """The lines that made it, callers included; none where they are not known for certain."""
    return set() if site is None or site.approximate else {(at.file, at.line) for at in frames_of(site)}


def _gaining(finding: Finding, leftovers: Sequence[Leftover]) -> Finding:
    """With a sentence more for each end that had come, and each proof."""
    why = finding.explanation
    words = [_words(one) for one in leftovers if is_leak(one)]
    added = " ".join(list(dict.fromkeys(words))[:_ENDS_IN_A_LINE])
    if not added:
        return finding
    if why is None:
        return replace(finding, detail=f"{finding.detail}\n{added}".strip())
    return replace(finding, explanation=replace(why, sentence=f"{why.sentence} {added}".strip()))


def _words(one: Leftover) -> str:
    if one.stuck is not StuckGrade.NOT:
        return f"Outlive proved: {one.sentence}"
    at = f" at {one.ended_at.file.rpartition('/')[2]}:{one.ended_at.line}" if one.ended_at else ""
    if one.problem == "left-behind":
        return f"Each {short(one.type)} was made in {one.lifetime}, which had ended before."
    if one.problem in ("outlived", "listener-not-removed"):
        return f"Each {short(one.type)} had ended before: {one.lifetime}{at}."
    return f"What had to end has not: {one.sentence}"
