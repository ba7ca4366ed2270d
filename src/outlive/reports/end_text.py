"""The report of a program's whole life as text: what outlived its end, in which order things were closed, what grew.

Leaks come first, parted by when they matter: while the program ran, at its end, in tests only. What is told and is no
leak (in flight, waiting for the collector, held by who looks) follows in a line each. Pure: a report in, a string out.
All names come from the watched program and pass `printable`.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from outlive.model.leftovers import Answer, Category, EndReport, Growth, Leftover
from outlive.model.look import Closing
from outlive.model.verdict import Verdict
from outlive.reports.amounts import amount, counted, seconds
from outlive.reports.leftover_text import leak, no_leaks, place
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

_LONGEST_LINE = 1000
_SHOWN_CLOSINGS = 12
_SHOWN_GROWTH = 8
_HEADS = {
    Category.RUNTIME: "while it ran",
    Category.SHUTDOWN: "at its end",
    Category.TEST: "in tests only",
}
_TROUBLE_WORDS = {
    "twice": "closed again",
    "loop-closed": "too late: its loop was closed already",
    "in-use": "too early: still in use",
    "raised": "the call failed",
}


def render(report: EndReport, *, color: bool = False) -> str:
    """The whole report, ending with a line break."""
    style = Style(color)
    parts = [
        _headline(report, style),
        *_leaks(report, style),
        no_leaks(_others(report), style),
        _closings(report, style),
    ]
    parts += [_growth(report.growth, style), _notes(report), _worth(report, style)]
    return "\n\n".join(part for part in parts if part) + "\n"


def leaks_of(report: EndReport) -> list[Leftover]:
    """What counts: held from a root, and not harmless."""
    return [one for one in report.leftovers if one.answer is Answer.HELD and not one.harmless]


def _others(report: EndReport) -> list[Leftover]:
    return [one for one in report.leftovers if one.answer is not Answer.HELD or one.harmless]


def _headline(report: EndReport, style: Style) -> str:
    paint = {Verdict.LEAK: style.bad, Verdict.NO_LEAK: style.good, Verdict.COULD_NOT_TELL: style.unsure}
    word = paint[report.verdict](report.verdict.value.upper())
    command = printable(shlex.join(report.command), _LONGEST_LINE)
    return f"{word}  {style.strong(command)}: {printable(report.reason, _LONGEST_LINE)}"


def _leaks(report: EndReport, style: Style) -> list[str]:
    """Each mistake in full, numbered through, under the head of its category."""
    leaks = leaks_of(report)
    parts, at = [], 0
    for category, head in _HEADS.items():
        rows = [one for one in leaks if one.category is category]
        if not rows:
            continue
        parts.append(style.strong(head))
        for one in rows:
            at += 1
            parts.append("\n".join(leak(one, at, style)))
    return parts


def _closings(report: EndReport, style: Style) -> str:
    """In the order of the calls, equal neighbours together: all where they are few, else those with trouble first."""
    runs = _runs(report.closings)
    shown = runs
    if len(runs) > _SHOWN_CLOSINGS:
        troubled = [at for at, (row, _) in enumerate(runs) if row.trouble][:_SHOWN_CLOSINGS]
        sound = [at for at, (row, _) in enumerate(runs) if not row.trouble]
        last = sound[len(sound) - (_SHOWN_CLOSINGS - len(troubled)) :]
        shown = [runs[at] for at in sorted((*troubled, *last))]
    if not shown:
        return ""
    table = columns([_closing(row, count) for row, count in shown], left=frozenset({1, 2, 3}))
    hidden = sum(count for _, count in runs) - sum(count for _, count in shown)
    more = [style.quiet(f"  and {counted(hidden, 'other')} (--json has them all)")] if hidden > 0 else []
    return "\n".join([style.strong("closed, in this order"), *(f"  {line}" for line in table), *more])


def _runs(closings: Sequence[Closing]) -> list[tuple[Closing, int]]:
    """The first of each run of closings that differ in nothing but their object and time, and how long the run is."""
    runs: list[tuple[Closing, int]] = []
    for row in closings:
        if runs and _words(runs[-1][0]) == _words(row):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((row, 1))
    return runs


def _closing(row: Closing, count: int) -> list[str]:
    what, place, words = _words(row)
    many = f" ({count:,} times)" if count > 1 else ""
    return [seconds(row.at), printable(what) + many, printable(place), printable(words, _LONGEST_LINE)]


def _words(row: Closing) -> tuple[str, str, str]:
    trouble = _TROUBLE_WORDS.get(row.trouble, row.trouble)
    return row.what, place(row.site), ": ".join(part for part in (trouble, row.detail) if part)


def _growth(growth: tuple[Growth, ...], style: Style) -> str:
    if not growth:
        return ""
    table = columns([_grown(row) for row in growth[:_SHOWN_GROWTH]], left=frozenset({0, 5}))
    return "\n".join(
        [style.strong("grew while it ran (no verdict: no steps were counted)"), *(f"  {one}" for one in table)]
    )


def _grown(row: Growth) -> list[str]:
    name = f"{row.counter} {row.type}".rstrip()
    steady = f"{row.rising:.0%} of {counted(row.samples, 'look')} higher than the one before"
    return [printable(name), amount(row.first, row.unit), "→", amount(row.last, row.unit), seconds(row.seconds), steady]


def _notes(report: EndReport) -> str:
    return "\n".join(printable(f"  note: {note.slug}: {note.text}", _LONGEST_LINE) for note in report.notes)


def _worth(report: EndReport, style: Style) -> str:
    looks = f"{counted(report.looks, 'look')}, {counted(len(report.snapshots), 'snapshot')}"
    rows = [("ended", f"{report.end.words} after {seconds(report.seconds)}"), ("seen in", looks)]
    if report.cost is not None and report.cost.explaining_seconds:
        rows.append(("cost", f"{seconds(report.cost.explaining_seconds)} explaining, after it had ended"))
    return "\n".join(f"  {style.quiet(name.ljust(9))}  {printable(text, _LONGEST_LINE)}" for name, text in rows)
