"""The report of a native program's life as text: the verdict, memory used wrongly, what was lost and when, what to do.

Pure: a report in, a string out. All names come from the watched program's files and pass `printable`. Where nothing is
wrong it is one line, and what could not be seen.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from outlive.model.leftovers import Category
from outlive.model.native_end import BrokenUse, NativeLoss, NativeReport, OpenHandle
from outlive.model.verdict import Verdict
from outlive.reports import why_text
from outlive.reports.amounts import byte_size, counted, seconds
from outlive.reports.native_calls import call_lines, frame_words
from outlive.reports.native_loss_text import loss_lines
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

_LONGEST_LINE = 1000
_SHOWN_TOTALS = 6
_SHOWN_OTHERS = 8
_SHOWN_PROCESSES = 12
_HEADS = {
    (Category.RUNTIME, True): "lost while it ran",
    (Category.SHUTDOWN, True): "lost at its end",
    (Category.TEST, True): "lost in tests only",
}
_UNKNOWN_HEAD = "lost, and no look tells when"


@dataclass(frozen=True)
class Again:
    """What this run was asked for, so that the next command asks for more."""

    why_lost: bool = False
    guard: bool = False


def render(report: NativeReport, *, color: bool = False, again: Again | None = None) -> str:
    """The whole report, ending with a line break."""
    style = Style(color)
    parts = [_headline(report, style), *_broken(report.broken, style), *_losses(report, style)]
    parts += [*_handles(report.handles, style), _others(report, style)]
    if report.verdict is Verdict.LEAK:
        parts.append(_totals(report, style))
    parts += [_processes(report, style), _notes(report)]
    if report.verdict is not Verdict.NO_LEAK or len(report.processes) > 1:
        parts.append(_worth(report, style))
    parts.append(_next(report, again or Again()))
    return "\n\n".join(part for part in parts if part) + "\n"


def leading(report: NativeReport) -> list[NativeLoss]:
    """What counts: certain, and not harmless."""
    return [one for one in report.losses if one.certain and not one.harmless]


def _headline(report: NativeReport, style: Style) -> str:
    paint = {Verdict.LEAK: style.bad, Verdict.NO_LEAK: style.good, Verdict.COULD_NOT_TELL: style.unsure}
    only_broken = report.broken and not leading(report) and not report.handles
    word = paint[report.verdict]("MISTAKE" if only_broken else report.verdict.value.upper())
    command = printable(shlex.join(report.command), _LONGEST_LINE)
    return f"{word}  {style.strong(command)}: {printable(report.reason, _LONGEST_LINE)}"


def _losses(report: NativeReport, style: Style) -> list[str]:
    """Each mistake in full, numbered through, under the head of its time."""
    parts: list[str] = []
    at = 0
    rows = leading(report)
    for head in (*_HEADS.values(), _UNKNOWN_HEAD):
        under = [one for one in rows if _HEADS.get((one.category, one.when_known), _UNKNOWN_HEAD) == head]
        if under:
            parts.append(style.strong(head))
        for one in under:
            at += 1
            parts.append("\n".join(loss_lines(one, at, style)))
    return parts


def _broken(rows: Sequence[BrokenUse], style: Style) -> list[str]:
    if not rows:
        return []
    parts = [style.strong("memory used wrongly")]
    for one in rows:
        lines = [f"  {style.bad(printable(one.kind))}  {style.strong(printable(one.sentence, _LONGEST_LINE))}"]
        if one.count > 1:
            lines.append(f"     {style.quiet('seen'.ljust(10))}  {one.count:,} times")
        for role, call in one.calls:
            lines += [f"     {line}" for line in call_lines(printable(role), call, style)]
        lines += [f"     {style.quiet('proof')}  {printable(line, _LONGEST_LINE)}" for line in one.evidence]
        parts.append("\n".join(lines))
    return parts


def _handles(rows: Sequence[OpenHandle], style: Style) -> list[str]:
    if not rows:
        return []
    parts = [style.strong("handles that were never closed")]
    for one in rows:
        sentence = why_text.wrapped(printable(one.sentence, _LONGEST_LINE), "")
        lines = [f"  {line}" for line in sentence]
        lines.append(f"     {style.quiet('state'.ljust(10))}  {printable(one.state)}")
        lines += [f"     {style.quiet('proof')}  {printable(line, _LONGEST_LINE)}" for line in one.evidence]
        for role, call in (("made by", one.made), ("stopped by", one.stopped), ("closed by", one.closed)):
            lines += [f"     {line}" for line in call_lines(role, call, style)] if call is not None else []
        for name, at in (("callback", one.callback), ("its like", one.usual)):
            lines += [f"     {style.quiet(name.ljust(10))}  {frame_words(at)}"] if at is not None else []
        parts.append("\n".join(lines))
    return parts


def _others(report: NativeReport, style: Style) -> str:
    """What was seen and fails nothing, a line each."""
    rows = [one for one in report.losses if one.harmless or not one.certain]
    if not rows:
        return ""
    lines = [style.strong("seen, and held against nobody")]
    for one in rows[:_SHOWN_OTHERS]:
        word = "harmless, lost once" if one.harmless else "not certain"
        owner = why_text.owner_words(one.owner)
        sentence = printable(one.sentence, _LONGEST_LINE)
        lines.append(f"  {style.quiet(word + ':')} {sentence} {style.quiet(printable(owner))}".rstrip())
    hidden = len(rows) - _SHOWN_OTHERS
    if hidden > 0:
        lines.append(style.quiet(f"  and {counted(hidden, 'other')} (--json has them all)"))
    return "\n".join(lines)


def _totals(report: NativeReport, style: Style) -> str:
    rows = [one for one in report.totals if one.count][:_SHOWN_TOTALS]
    if not rows:
        return ""
    head = ["made by", "blocks", "bytes", "of them lost", "bytes"]
    cells = [
        [printable(one.what, 60), f"{one.count:,}", byte_size(one.bytes), f"{one.lost:,}", byte_size(one.lost_bytes)]
        for one in rows
    ]
    table = columns([head, *cells], left=frozenset({0}))
    return _table("alive at its end", table, style)


def _processes(report: NativeReport, style: Style) -> str:
    if len(report.processes) < 2:
        return ""
    cells = [["process", "program", "alive", "lost", "bytes lost", "looked at"]]
    for one in report.processes[:_SHOWN_PROCESSES]:
        seen = f"{counted(one.looks, 'time')}{'' if one.ended else ', not at its end'}"
        lost = [f"{one.live_count:,}", f"{one.lost_count:,}", byte_size(one.lost_bytes)]
        cells.append([str(one.pid), printable(one.program, 60), *lost, seen])
    table = columns(cells, left=frozenset({1, 5}))
    hidden = len(report.processes) - _SHOWN_PROCESSES
    more = [style.quiet(f"  and {counted(hidden, 'other')}")] if hidden > 0 else []
    return "\n".join([_table("processes", table, style), *more])


def _table(name: str, lines: list[str], style: Style) -> str:
    return "\n".join([style.strong(name), style.quiet(f"  {lines[0]}"), *(f"  {line}" for line in lines[1:])])


def _notes(report: NativeReport) -> str:
    return "\n".join(printable(f"  note: {note.slug}: {note.text}", _LONGEST_LINE) for note in report.notes)


def _worth(report: NativeReport, style: Style) -> str:
    alive = f"{report.live_count:,} blocks of {byte_size(report.live_bytes)}"
    rows = [("ended", f"{report.end.words} after {seconds(report.seconds)}")]
    rows += [("seen in", f"{counted(report.looks, 'look')}; {alive} were alive in the last")] if report.looks else []
    if report.cost is not None and report.cost.explaining_seconds:
        rows.append(("cost", f"{seconds(report.cost.explaining_seconds)} explaining, after it had ended"))
    return "\n".join(f"  {style.quiet(name.ljust(9))}  {printable(text, _LONGEST_LINE)}" for name, text in rows)


def _next(report: NativeReport, again: Again) -> str:
    """The next command to type; "" where nothing is left to ask."""
    command = printable(shlex.join(report.command), _LONGEST_LINE)
    losses = leading(report)
    if report.verdict is not Verdict.LEAK:
        if report.end.how != "crashed" or again.guard:
            return ""
        return f"  next:  outlive run --guard -- {command}    # what it freed or used wrongly before it crashed"
    if losses and not again.why_lost and not any(one.events for one in losses):
        return f"  next:  outlive run --why-lost -- {command}    # where the last pointer went"
    if report.broken and not again.guard:
        return f"  next:  outlive run --guard -- {command}    # every use of memory that is wrong"
    return f"  next:  outlive run --iterations runs.json -- {command}    # after each fix: what went, what is new"
