"""The page of a check: verdict first, then each mistake, then what else was seen and what the run is worth."""

from __future__ import annotations

import math

from outlive.model.verdict import CheckResult, Control, Finding, Rate, Verdict
from outlive.reports.amounts import byte_size, counted, how_often, number, seconds
from outlive.reports.finding_words import sentence
from outlive.reports.next_command import after_check
from outlive.reports.page.document import Sheet
from outlive.reports.page.finding_card import anchor, finding_card, title
from outlive.reports.page.leftover_card import leftover_section
from outlive.reports.page.markup import Markup, code, element, name, prose, shortened
from outlive.reports.page.shapes import verdict_mark
from outlive.reports.page.tables import Column, Table, scrolling, table, table_data
from outlive.reports.why_text import owner_words

_MOST_FINDINGS = 200
_MOST_OPEN = 3
_MOST_NOTES = 100
_MARKS = {Verdict.LEAK: "leak", Verdict.NO_LEAK: "no-leak", Verdict.COULD_NOT_TELL: "could-not-tell"}
_BYTE_COUNTERS = ("native", "mapped", "bytes")
_TRACEBACK_CHARACTERS = 6_000


def sheet(result: CheckResult) -> Sheet:
    """What the page says."""
    index = _index(result)
    parts = (
        _headline(result),
        _trouble(result),
        *_findings(result, index),
        leftover_section(result.leftovers),
        _notes(result),
        _worth(result),
        _next(result),
    )
    return Sheet(
        title=f"{result.verdict.value}: {shortened(result.scenario, 100)}",
        mark=_MARKS[result.verdict],
        parts=tuple(part for part in parts if part is not None),
        data={"tables": {index.id: table_data(index)} if index else {}},
    )


def _headline(result: CheckResult) -> Markup:
    mark = _MARKS[result.verdict]
    meta = [
        code(result.scenario),
        element("span", f"Python {result.python}") if result.python else None,
        element("span", f"{counted(result.cost.steps, 'step')} in {seconds(result.cost.wall_seconds)}")
        if result.cost
        else None,
    ]
    return element(
        "header",
        verdict_mark(mark),
        element("div", element("h1", result.verdict.value), element("p", prose(_reason(result)), class_="lead")),
        element("p", *meta, class_="meta"),
        class_=f"verdict {mark}",
    )


def _reason(result: CheckResult) -> str:
    """The verdict's sentence; where it is a leak, what leaks."""
    if result.verdict is not Verdict.LEAK or not result.findings:
        words = result.reason
    elif len(result.findings) == 1:
        words = sentence(result.findings[0])
    else:
        words = f"{counted(len(result.findings), 'mistake')}; first, {sentence(result.findings[0])}"
    words = shortened(words, 600)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def _index(result: CheckResult) -> Table | None:
    """Findings as a table, where there are too many to see at once."""
    if len(result.findings) <= _MOST_OPEN:
        return None
    columns = (Column("finding", "link"), Column("count per step", "count"), Column("bytes per step", "bytes"))
    rows = [
        ((f"{at}. {shortened(title(one), 160)}", anchor(at)), _count(one.count), _count(one.bytes), _holder(one))
        for at, one in enumerate(result.findings[:_MOST_FINDINGS], start=1)
    ]
    return Table("findings", "Findings", (*columns, Column("held by")), rows)


def _count(rate: Rate) -> float:
    """Three figures are enough to compare by; what is not known sorts as nothing."""
    return float(f"{rate.per_step:.3g}") if 0 < rate.per_step < math.inf else 0


def _holder(finding: Finding) -> str:
    why = finding.explanation
    return (why.held_by or owner_words(why.owner)) if why else ""


def _findings(result: CheckResult, index: Table | None) -> list[Markup]:
    shown = result.findings[:_MOST_FINDINGS]
    if not shown:
        return []
    parts = [element("h2", counted(len(result.findings), "finding"))] if len(shown) > 1 else []
    if index:
        parts.append(table(index))
    open_all = len(shown) <= _MOST_OPEN
    for at, finding in enumerate(shown, start=1):
        parts.append(finding_card(finding, at, of=len(shown), is_open=open_all or at == 1))
    if len(result.findings) > len(shown):
        parts.append(
            element("p", f"{len(result.findings) - len(shown):,} more findings are in the JSON.", class_="quiet")
        )
    return parts


def _trouble(result: CheckResult) -> Markup | None:
    """Where the scenario failed, its end first in mind: that is where the error stands."""
    said = [(words, text[-_TRACEBACK_CHARACTERS:]) for words, text in _streams(result) if text.strip()]
    if not said:
        return None
    blocks = [
        element("details", element("summary", words), element("pre", text), open=at == 0 and bool(result.traceback))
        for at, (words, text) in enumerate(said)
    ]
    return element("section", *blocks, class_="trouble")


def _streams(result: CheckResult) -> list[tuple[str, str]]:
    return [("Where the scenario failed", result.traceback), ("The end of what it printed", result.output_tail)]


def _notes(result: CheckResult) -> Markup | None:
    if not result.notes:
        return None
    rows = [
        element("div", element("dt", note.slug), element("dd", prose(shortened(note.text, 1200))))
        for note in result.notes[:_MOST_NOTES]
    ]
    return element(
        "section",
        element("h2", "Notes"),
        element("p", "Seen, and failing nothing.", class_="quiet"),
        element("dl", *rows, class_="facts notes"),
    )


def _worth(result: CheckResult) -> Markup | None:
    parts = [part for part in (_controls(result), _visible(result), _cost(result)) if part is not None]
    if not parts:
        return None
    return element("section", element("h2", "What this run is worth"), element("div", *parts, class_="columns worth"))


def _controls(result: CheckResult) -> Markup | None:
    if not result.controls:
        return None
    return element(
        "div", element("h3", "Controls"), element("ul", *(_control(one) for one in result.controls), class_="controls")
    )


def _control(control: Control) -> Markup:
    words = {
        ("positive", True): f"{control.name} found",
        ("positive", False): f"{control.name} missed",
        ("null", True): f"{control.name} cleared",
        ("null", False): f"{control.name} accused",
    }.get((control.kind, control.seen), f"{control.name}: {control.got}")
    sign = element("span", "✓" if control.seen else "✗", class_="sign", aria_hidden="true")
    wrong = "" if control.seen else f" (expected {control.expected}, got {control.got})"
    return element("li", sign, words + wrong, class_="right" if control.seen else "wrong")


def _visible(result: CheckResult) -> Markup | None:
    """The smallest leak of each counter that this run could have seen."""
    if not result.smallest_visible:
        return None
    rows = [
        element("tr", element("td", code(counter)), element("td", _smallest(counter, rate), class_="number"))
        for counter, rate in sorted(result.smallest_visible.items())[:60]
    ]
    inner = element("table", element("tbody", *rows))
    return element("div", element("h3", "Could see leaks down to"), scrolling(inner, "The smallest leaks it could see"))


def _smallest(counter: str, rate: Rate) -> str:
    if counter in _BYTE_COUNTERS:
        return f"{byte_size(rate.per_step)} a step"
    often = how_often(rate.per_step)
    return f"one {often.removeprefix('about ')}" if often else f"{number(rate.per_step)} a step"


def _cost(result: CheckResult) -> Markup | None:
    cost = result.cost
    if cost is None:
        return None
    rows = [
        ("Steps", f"{cost.steps:,}"),
        ("Time", seconds(cost.wall_seconds)),
        ("In steps", seconds(cost.step_seconds)),
        ("Counting", f"{seconds(cost.sampling_seconds)}, {counted(cost.samples, 'time')}"),
        ("Peak memory", byte_size(cost.peak_rss_bytes) if cost.peak_rss_bytes else ""),
    ]
    pairs = [element("div", element("dt", term), element("dd", words)) for term, words in rows if words]
    return element("div", element("h3", "Cost"), element("dl", *pairs, class_="facts"))


def _next(result: CheckResult) -> Markup:
    why, command = after_check(result)
    return element(
        "section",
        element("h2", "Next"),
        element("p", why[:1].upper() + why[1:] + ":"),
        element("pre", element("code", name(shortened(command, 600))), class_="command"),
    )
