"""From reports and findings to a verdict on leaks, in whose words, and to what was set aside on somebody's word."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from outlive.imports.merging import findings, main_stack
from outlive.imports.suppressions import Suppression, Suppressions
from outlive.imports.whose import is_mine, is_untold
from outlive.model.imported import Claim, ImportedFinding, ImportReport, Loss, Report
from outlive.model.verdict import Note, Verdict

_UNSURE = {
    Loss.POSSIBLE: "possibly lost",
    Loss.REACHABLE: "still reachable at the end",
    Loss.UNFREED: "not given back at the end, which is no leak by itself",
}


def conclude(
    reports: Sequence[Report], suppressions: Sequence[Suppressions] = (), mine: Sequence[str] = ()
) -> ImportReport:
    """All that the reports say together."""
    entries = [entry for one in suppressions for entry in one.entries]
    kept, hidden = _suppressed(reports, entries)
    ours, others = _parted(findings(kept, mine), mine)
    away = [*_hidden_findings(hidden, reports, mine), *others]
    verdict, reason = _verdict(reports, ours, away)
    broken = sum(one.is_broken for one in ours)
    notes = tuple(_notes(reports, suppressions, away))
    return ImportReport(verdict, reason, tuple(reports), tuple(ours), tuple(away), notes, broken)


def _suppressed(
    reports: Sequence[Report], entries: Sequence[Suppression]
) -> tuple[list[Report], dict[str, list[tuple[int, Claim]]]]:
    """The reports without the claims that a suppression hides, and those claims by its name."""
    if not entries:
        return list(reports), {}
    hidden: dict[str, list[tuple[int, Claim]]] = {}
    kept = []
    for number, report in enumerate(reports):
        claims = []
        for claim in report.claims:
            by = next((one.name for one in entries if one.hides(claim.kind, claim.loss, main_stack(claim))), None)
            if by is None:
                claims.append(claim)
            else:
                hidden.setdefault(by, []).append((number, claim))
        kept.append(dataclasses.replace(report, claims=tuple(claims)))
    return kept, hidden


def _hidden_findings(
    hidden: dict[str, list[tuple[int, Claim]]], reports: Sequence[Report], mine: Sequence[str]
) -> list[ImportedFinding]:
    found = []
    for name, rows in hidden.items():
        claims = [tuple(claim for at, claim in rows if at == number) for number in range(len(reports))]
        these = [dataclasses.replace(one, claims=own) for one, own in zip(reports, claims)]
        found += [dataclasses.replace(one, hidden_by=name) for one in findings(these, mine)]
    return found


def _parted(
    found: Iterable[ImportedFinding], mine: Sequence[str]
) -> tuple[list[ImportedFinding], list[ImportedFinding]]:
    """What may be yours, and what surely is not: no call lies in what `mine` names, and each says where it lies."""
    if not mine:
        return list(found), []
    ours, others = [], []
    for one in found:
        frames = [frame for stack in one.stacks for frame in stack.frames]
        told = bool(frames) and not any(is_untold(frame) for frame in frames)
        if told and not any(is_mine(frame, mine) for frame in frames):
            others.append(dataclasses.replace(one, hidden_by="--mine"))
        else:
            ours.append(one)
    return ours, others


def _verdict(
    reports: Sequence[Report], found: Sequence[ImportedFinding], away: Sequence[ImportedFinding]
) -> tuple[Verdict, str]:
    leaks = [one for one in found if one.is_leak]
    if leaks:
        return Verdict.LEAK, f"{_counted(leaks)}, by the word of {_tools(reports, leaks)}"
    losses = [one for one in found if one.loss is not None]
    looked = [one for one in reports if one.clean]
    if not losses and looked and all(one.whole for one in reports):
        besides = " besides what is suppressed" if away or any(one.hidden for one in looked) else ""
        return Verdict.NO_LEAK, f"{_listed(sorted({one.tool for one in looked}))} looked and found no leak{besides}"
    return Verdict.COULD_NOT_TELL, _doubt(reports, losses, away)


def _counted(leaks: Sequence[ImportedFinding]) -> str:
    """What is lost only because something else is, is no mistake of its own, where that other is told."""
    roots = [one for one in leaks if one.loss is Loss.DEFINITE] or leaks
    words = f"{len(roots):,} leak" + ("s" if len(roots) > 1 else "")
    with_them = len(leaks) - len(roots)
    return f"{words}, and {with_them:,} lost with what pointed to them" if with_them else words


def _doubt(reports: Sequence[Report], losses: Sequence[ImportedFinding], away: Sequence[ImportedFinding]) -> str:
    """Why there is no verdict: what is there proves none, or too little was looked at."""
    parts = []
    for loss, words in _UNSURE.items():
        seen = [one for one in losses if one.loss is loss and one.seen]
        if seen:
            parts.append(f"{len(seen):,} {words}")
    static = [one for one in losses if not one.seen]
    if static:
        parts.append(f"{len(static):,} told by reading the code, and by no run")
    if parts:
        return "no leak is claimed surely: " + "; ".join(parts)
    if any(not one.whole for one in reports):
        return "no leak is told, and a report is not whole: it may be in what is missing"
    if away:
        return "all that is told was set aside, and no report says that it looked for everything"
    return "no report says that its tool looked for leaks"


def _tools(reports: Sequence[Report], found: Sequence[ImportedFinding]) -> str:
    """The tools that claim at least one of these surely."""
    sure = {
        witness.tool
        for one in found
        for witness in one.witnesses
        if any(amount.loss is not None and amount.loss.is_leak for amount in witness.amounts)
    }
    return _listed([tool for tool in dict.fromkeys(one.tool for one in reports) if tool in sure])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _notes(
    reports: Sequence[Report], suppressions: Sequence[Suppressions], away: Sequence[ImportedFinding]
) -> Iterable[Note]:
    for report in reports:
        name = f"{report.file} (process {report.pid})" if report.pid else report.file
        for trouble in report.troubles:
            yield Note("not-whole" if not report.whole else "report", f"{name}: {trouble}")
        for one in report.hidden:
            yield Note("hidden-by-tool", f"{name}: {report.tool} left out what {one.name} suppresses{_much(one.count)}")
    for file in suppressions:
        for trouble in file.troubles:
            yield Note("suppressions", f"{file.file}: {trouble}")
        used = {one.hidden_by for one in away}
        idle = [one.name for one in file.entries if one.name not in used]
        if idle:
            yield Note("suppressions", f"{file.file}: {len(idle):,} of {len(file.entries):,} entries hid nothing here")


def _much(count: int) -> str:
    return f", {count:,} times" if count >= 0 else ""
