"""Other tools' reports as text: the verdict and whose word it is, each finding with its witnesses, and what is missing.

Pure: a report in, a string out. Names in a report are foreign: all pass `printable`.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from outlive.model.imported import Amount, Frame, ImportedFinding, ImportReport, Report, Stack, Witness
from outlive.model.verdict import Note, Verdict
from outlive.reports.amounts import byte_size, counted
from outlive.reports.imported_words import headline
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns
from outlive.reports.why_text import owner_words, row, wrapped

_LONGEST = 300
_SHOWN_CALLS = 6
_SHOWN_NOTES = 12
_SHOWN_WITNESSES = 8
_NAMED_FILES = 4


def render(report: ImportReport, *, limit: int = 10, color: bool = False) -> str:
    """The whole report, at most `limit` findings a part, ending with a line break."""
    style = Style(color)
    broken = [one for one in report.findings if one.is_broken]
    leaks = [one for one in report.findings if one.is_leak]
    rest = [one for one in report.findings if not one.is_broken and not one.is_leak]
    parts = [
        _verdict(report, style),
        _reports(report.reports, limit, style),
        *_findings("memory or descriptors used wrongly", broken, 1, limit, style),
        *_findings("leaks", leaks, 1 + len(broken), limit, style),
        *_findings("told, and surely no leak by that alone", rest, 1 + len(broken) + len(leaks), limit, style),
        _aside(report.set_aside, limit, style),
        _notes(report.notes, limit),
        _next(report, style),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(report: ImportReport, style: Style) -> str:
    paint = {Verdict.LEAK: style.bad, Verdict.NO_LEAK: style.good, Verdict.COULD_NOT_TELL: style.unsure}
    words = paint[report.verdict](report.verdict.value.upper())
    lines = [f"{words}  {printable(report.reason, _LONGEST)}"]
    if report.broken:
        tools = dict.fromkeys(w.tool for one in report.findings if one.is_broken for w in one.witnesses if w.seen)
        said = ", ".join(printable(one) for one in tools)
        found = counted(report.broken, "wrong use")
        lines.append(f"{style.bad('BROKEN')}  {found} of memory or descriptors, by the word of {said}")
    return "\n".join(lines)


def _reports(reports: Sequence[Report], limit: int, style: Style) -> str:
    rows = [
        [
            printable(one.file),
            printable(f"{one.tool} {one.version}".strip()),
            printable(one.command, 60) + (f" (process {one.pid})" if one.pid else ""),
            counted(len(one.claims), "record"),
            "whole" if one.whole else "not whole",
        ]
        for one in reports[:limit]
    ]
    table = columns(rows, left=frozenset({0, 1, 2, 4}))
    return "\n".join([style.strong("reports"), *(f"  {one}" for one in [*table, *_more(len(reports), limit)])])


def _findings(title: str, found: Sequence[ImportedFinding], first: int, limit: int, style: Style) -> list[str]:
    if not found:
        return []
    parts = ["\n".join(_finding(one, first + at, style)) for at, one in enumerate(found[:limit])]
    return [style.strong(title), *parts, *(f"  {one}" for one in _more(len(found), limit))]


def _finding(one: ImportedFinding, at: int, style: Style) -> list[str]:
    first, *others = wrapped(printable(headline(one), _LONGEST), "")
    lines = [f"  {at}. {style.strong(first)}", *(f"     {style.strong(line)}" for line in others)]
    facts = [
        ("whose", owner_words(one.owner) + (f", called from {one.called_by}" if one.called_by else "")),
        *(_stack(stack) for stack in one.stacks),
        ("said by", "\n".join(_witnesses(one.witnesses))),
        ("but", "\n".join(one.disagreements)),
        ("hidden by", one.hidden_by),
    ]
    for name, text in facts:
        if text:
            clean = "\n".join(printable(line, _LONGEST) for line in text.split("\n"))
            lines += [f"     {line}".rstrip() for line in row(printable(name), clean, style).splitlines()]
    lasts = "" if one.symbolised else f"  (of this {_lasting(one)} only: it has calls without a name)"
    lines.append(f"     {style.quiet(f'fingerprint {one.fingerprint}{lasts}')}")
    return lines


def _lasting(one: ImportedFinding) -> str:
    """A place in a module is the same in each run of one build; a bare address is of one run."""
    return "run" if any(call.startswith("+") for call in one.identity) else "build"


def _stack(stack: Stack) -> tuple[str, str]:
    """Calls in words; none for a stack that has no frames."""
    lines = [_frame(one) for one in stack.frames[:_SHOWN_CALLS]]
    more = len(stack.frames) - len(lines)
    if more > 0 or stack.cut:
        lines.append(f"and {counted(more, 'call')} more" if more > 0 else "…")
    return stack.role or "at", "\n".join(lines)


def _frame(one: Frame) -> str:
    where = f"{one.file}:{one.line}" if one.line else one.file or one.module
    if not one.function:
        return f"{where}+0x{one.offset:x}" if one.offset >= 0 else where or "(nothing is known)"
    inlined = " (inlined)" if one.inlined else ""
    return f"{one.function}{inlined}  {where}".rstrip()


def _witnesses(witnesses: Sequence[Witness]) -> list[str]:
    lines = [_witness(one) for one in witnesses[:_SHOWN_WITNESSES]]
    more = len(witnesses) - len(lines)
    return [*lines, f"and {counted(more, 'other')}"] if more > 0 else lines


def _witness(one: Witness) -> str:
    """Each in its own words where it has no figures, and with its own place, class and amount where it has."""
    place = f" at {one.places[0]}" if one.places else ""
    amounts = [text for text in (_amount(amount) for amount in one.amounts) if text]
    said = [*amounts, *([] if one.seen else ["by reading the code"])]
    if one.text and (not amounts or not one.seen):
        said.append(f"“{printable(one.text, 120)}”")
    return f"{one.tool}{place}: {'; '.join(said)}".rstrip(": ")


def _amount(amount: Amount) -> str:
    """ "definite, 16 B in 1"."""
    size = byte_size(amount.bytes) if amount.bytes >= 0 else ""
    count = f"{amount.count:,}" if amount.count >= 0 else ""
    much = " in ".join(one for one in (size, count) if one)
    return ", ".join(one for one in (amount.loss.value if amount.loss else "", much) if one)


def _aside(found: Sequence[ImportedFinding], limit: int, style: Style) -> str:
    if not found:
        return ""
    rows = [f"{printable(headline(one), _LONGEST)} (by {printable(one.hidden_by)})" for one in found[:limit]]
    return "\n".join([style.strong("set aside"), *(f"  {one}" for one in [*rows, *_more(len(found), limit)])])


def _notes(notes: Sequence[Note], limit: int) -> str:
    most = max(limit, _SHOWN_NOTES)
    lines = [f"  note: {one.slug}: {printable(one.text, _LONGEST)}" for one in notes[:most]]
    return "\n".join([*lines, *(f"  {one}" for one in _more(len(notes), most))])


def _next(report: ImportReport, style: Style) -> str:
    """What most often follows: one's own first; else whatever would make a surer report."""
    files = shlex.join(dict.fromkeys(one.file for one in report.reports[:_NAMED_FILES]))
    if any(one.is_leak or one.is_broken for one in report.findings):
        why, command = "only what has a call in your own code", f"outlive open {files} --mine ./src"
    else:
        why, command = "a tool that tells what is lost from what is held", "valgrind --leak-check=full --xml=yes …"
    if report.verdict is Verdict.NO_LEAK:
        return ""
    return f"  {style.quiet('next')}    {why}:\n          {style.strong(printable(command, _LONGEST))}"


def _more(count: int, limit: int) -> list[str]:
    return [f"and {count - limit:,} more (--limit {count} shows all)"] if count > limit else []
