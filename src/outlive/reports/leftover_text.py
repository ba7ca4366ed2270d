"""One thing that outlived its end, as text: the sentence, why it matters, the proof, who holds it. Lays out, no more.

Used by the end report and by the report of a check. All names come from the watched program and pass `printable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, Leftover
from outlive.reports import why_text
from outlive.reports.amounts import counted
from outlive.reports.printable import printable, printable_lines
from outlive.reports.style import Style

_LONGEST_LINE = 1000
_SHOWN_NO_LEAKS = 8
_BY_REFERENCE = ("outlived", "listener-not-removed")


def leak(one: Leftover, at: int, style: Style) -> list[str]:
    """The lines of one mistake, numbered."""
    first, *rest = why_text.wrapped(printable(one.sentence, _LONGEST_LINE), "")
    lines = [f"  {at}. {style.strong(first)}", *(f"     {style.strong(line)}" for line in rest)]
    lines += [f"     {line}" for line in why_text.wrapped(printable(one.matters, _LONGEST_LINE), "")]
    lines += [f"     {style.quiet('proof')}  {printable(line, _LONGEST_LINE)}" for line in one.evidence]
    lines += [f"     {style.quiet('such as')}  {printable(line)}" for line in one.examples]
    lines += [f"     {line}".rstrip() for line in _facts(one, style)]
    return lines


def _remedy(one: Leftover) -> str:
    """What to do, unless a known pattern says it better: for one that is merely held, the way it is held by does."""
    advised = one.explanation is not None and bool(one.explanation.advice)
    return "" if advised and one.problem in _BY_REFERENCE else one.remedy


def _facts(one: Leftover, style: Style) -> list[str]:
    """The explanation where there is one; else what little is known of where it was made and whose it is."""
    rows = [("ended at", place(one.ended_at)), ("stuck", one.stuck.value)]
    told: list[str] = []
    if one.explanation is not None:
        told = [line for part in why_text.details(one.explanation, style) for line in part.splitlines()]
    else:
        rows += [("made at", why_text.site_words(one.made_at) if one.made_at else "")]
        rows += [("whose", why_text.owner_words(one.owner))]
    shown = [why_text.row(name, printable_lines(text), style) for name, text in rows if text]
    if words := _remedy(one):
        first, *rest = why_text.wrapped(printable(words, _LONGEST_LINE), "")
        shown += [f"{style.quiet('what to do')}  {first}", *(f"            {line}" for line in rest)]
    if one.fingerprint:
        shown.append(style.quiet(f"fingerprint {printable(one.fingerprint)}"))
    return [*told, *shown]


def no_leaks(rows: Sequence[Leftover], style: Style) -> str:
    """What was seen and fails nothing, a line each; "" for nothing."""
    if not rows:
        return ""
    lines = [style.strong("seen, and no leak")]
    for one in rows[:_SHOWN_NO_LEAKS]:
        word = one.answer.value if one.answer is not Answer.HELD else "harmless"
        lines.append(f"  {style.quiet(word + ':')} {printable(one.sentence, _LONGEST_LINE)}")
    hidden = len(rows) - _SHOWN_NO_LEAKS
    if hidden > 0:
        lines.append(style.quiet(f"  and {counted(hidden, 'other')} (--json has them all)"))
    return "\n".join(lines)


def place(site: Site | None) -> str:
    """ "api.py:88 in fetch"; "" when it is not known."""
    return f"{PurePath(site.file).name}:{site.line} in {site.function}" if site is not None else ""
