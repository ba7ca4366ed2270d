"""A check's result as text for people: the verdict first, then its evidence, then what the run was worth.

The order answers a reader's questions as they come: does it leak? what, and how much? how do you know? what else did
you see? how far can I trust this run? what do I type next? Pure: a result in, a string out; no stream, no terminal.
Names, notes and tracebacks come from the checked program: all pass `printable`.
"""

from __future__ import annotations

from outlive.explain.lasting import is_leak
from outlive.model.verdict import CheckResult, Cost, Evidence, Finding, Rate, Verdict
from outlive.reports import why_text
from outlive.reports.amounts import amount, byte_size, counted, how_often, interval, number, power, seconds
from outlive.reports.finding_words import counter_words, measure, sentence
from outlive.reports.leftover_text import leak, no_leaks
from outlive.reports.next_command import after_check
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

_SHOWN_WITH_IT = 6
_SHOWN_TRACEBACK_LINES = 30
_ASKED_ABOUT = ("objects", "blocks", "blocks lost", "blocks alive", "native", "fds", "threads")
_LONGEST_LINE = 1000  # of a sentence, or of a line of the program's own: longer ones are cut in their middle
_BYTE_COUNTERS = ("native", "mapped", "bytes")
_CONTROL_WORDS = {
    "positive": ("{name} found", "{name} MISSED"),
    "null": ("{name} cleared", "{name} ACCUSED"),
    "self-check": ("the recorder saw {got}", "the recorder did NOT see"),
}


def render(result: CheckResult, *, color: bool = False) -> str:
    """The whole report, ending with a line break."""
    style = Style(color)
    parts = [_headline(result, style)]
    parts += [_finding(finding, at, result, style) for at, finding in enumerate(result.findings, start=1)]
    parts += _leftovers(result, style)
    parts += [_notes(result), _trouble(result, style), _worth(result, style), _next(result, style)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(result: CheckResult, style: Style) -> str:
    paint = {Verdict.LEAK: style.bad, Verdict.NO_LEAK: style.good, Verdict.COULD_NOT_TELL: style.unsure}
    word = paint[result.verdict](result.verdict.value.upper())
    return f"{word}  {style.strong(printable(result.scenario))}: {_headline_reason(result)}"


def _headline_reason(result: CheckResult) -> str:
    if result.verdict is not Verdict.LEAK or not result.findings:
        return printable(result.reason, _LONGEST_LINE)
    first = sentence(result.findings[0])
    mistakes = _mistakes(result)
    return first if mistakes == 1 else f"{counted(mistakes, 'mistake')}; first, {first}"


def _mistakes(result: CheckResult) -> int:
    return len(result.findings) + sum(map(is_leak, result.leftovers))


def _finding(finding: Finding, at: int, result: CheckResult, style: Style) -> str:
    """One mistake. A lone finding's sentence is the headline already and is not said twice."""
    lines = []
    if _mistakes(result) > 1:
        text = sentence(finding)
        lines.append(f"  {at}. {style.strong(text[:1].upper() + text[1:])}.")
    figures = measure(finding)
    if figures:
        lines.append(f"  {figures}")
    if finding.explanation is not None:
        told = "\n".join(why_text.render(finding.explanation, style))
        lines += ["", *(f"  {line}".rstrip() for line in told.splitlines())]
    elif finding.detail:
        lines += [f"  {printable(line, _LONGEST_LINE)}" for line in finding.detail.splitlines()]
    lines += ["", *_evidence_table(finding, style), ""]
    lines.append(f"  {style.quiet('fingerprint ' + printable(finding.fingerprint))}")
    return "\n".join(lines)


def _leftovers(result: CheckResult, style: Style) -> list[str]:
    """What outlived its end and does not grow, numbered on from the findings; then what fails nothing."""
    leaks = [one for one in result.leftovers if is_leak(one)]
    others = [one for one in result.leftovers if not is_leak(one)]
    numbered = enumerate(leaks, start=len(result.findings) + 1)
    head = [style.strong("outlived its end")] if leaks else []
    return [*head, *("\n".join(leak(one, at, style)) for at, one in numbered), no_leaks(others, style)]


def _evidence_table(finding: Finding, style: Style) -> list[str]:
    """What grew, and below it what came along. Names stand last, so that long ones need no cutting."""
    head = ["per step", "95 % interval", "from", "to", "up/down", "e-value", "what"]
    own = [_evidence_row(evidence) for evidence in finding.evidence]
    along = [_evidence_row(evidence) for evidence in finding.with_it[:_SHOWN_WITH_IT]]
    lines = columns([head, *own, *along], left=frozenset({6}))
    shown = [style.quiet(lines[0]), *lines[1 : 1 + len(own)]]
    if along:
        shown += [style.quiet("and with it"), *lines[1 + len(own) :]]
    hidden = len(finding.with_it) - len(along)
    if hidden > 0:
        shown.append(style.quiet(f"and {counted(hidden, 'more counter')} (--json shows all)"))
    return [f"    {line}" for line in shown]


def _evidence_row(evidence: Evidence) -> list[str]:
    return [
        amount(evidence.rate.per_step, evidence.unit),
        interval(evidence.rate, evidence.unit),
        amount(evidence.before, evidence.unit),
        amount(evidence.after, evidence.unit),
        f"{evidence.floors_up}/{evidence.floors_down}",
        power(evidence.e_value),
        counter_words(evidence),
    ]


def _notes(result: CheckResult) -> str:
    return "\n".join(printable(f"  note: {note.slug}: {note.text}", _LONGEST_LINE) for note in result.notes)


def _trouble(result: CheckResult, style: Style) -> str:
    """The scenario's traceback: its end, which holds the error, when it is long."""
    lines = result.traceback.rstrip().splitlines()
    if not lines:
        return ""
    cut = len(lines) - _SHOWN_TRACEBACK_LINES
    if cut > 0:
        lines = [f"… {counted(cut, 'line')} above", *lines[-_SHOWN_TRACEBACK_LINES:]]
    return "\n".join(style.quiet(f"  | {printable(line.expandtabs(), _LONGEST_LINE)}") for line in lines)


def _worth(result: CheckResult, style: Style) -> str:
    """How far this run can be trusted: its controls, the smallest leak it could have seen, what it cost."""
    rows = [("controls", _controls(result)), ("could see", _smallest(result.smallest_visible))]
    rows.append(("cost", _cost(result.cost) if result.cost else ""))
    return "\n".join(f"  {style.quiet(name.ljust(9))}  {text}" for name, text in rows if text)


def _controls(result: CheckResult) -> str:
    parts = []
    for control in result.controls:
        seen, missed = _CONTROL_WORDS.get(control.kind, ("{name} as expected", "{name} NOT as expected"))
        words = (seen if control.seen else missed).format(name=control.name, got=control.got)
        parts.append(words if control.seen else f"{words} (expected {control.expected}, got {control.got})")
    return printable(", ".join(parts), _LONGEST_LINE)


def _smallest(smallest: dict[str, Rate]) -> str:
    """The counters that most readers ask about, those with the same figure together; --json has them all."""
    counters: dict[str, list[str]] = {}
    for counter in _ASKED_ABOUT:
        if counter in smallest:
            counters.setdefault(_in_words(counter, smallest[counter]), []).append(counter)
    parts = [f"{', '.join(names)}: {words}" for words, names in counters.items()]
    return f"leaks down to {' · '.join(parts)}" if parts else ""


def _in_words(counter: str, rate: Rate) -> str:
    return f"{byte_size(rate.per_step)} a step" if counter in _BYTE_COUNTERS else _one_in(rate.per_step)


def _one_in(per_step: float) -> str:
    often = how_often(per_step)
    return f"one {often.removeprefix('about ')}" if often else f"{number(per_step)} a step"


def _cost(cost: Cost) -> str:
    counting = f"{seconds(cost.sampling_seconds)} counting {counted(cost.samples, 'time')}"
    spent = f"{seconds(cost.step_seconds)} in steps, {counting}"
    spent += f", {seconds(cost.explaining_seconds)} explaining" if cost.explaining_seconds else ""
    memory = f"; peak {byte_size(cost.peak_rss_bytes)}" if cost.peak_rss_bytes else ""
    return f"{counted(cost.steps, 'step')} in {seconds(cost.wall_seconds)} ({spent}){memory}"


def _next(result: CheckResult, style: Style) -> str:
    why, command = after_check(result)
    command = printable(command, _LONGEST_LINE)
    return f"  {style.quiet('next')}       {printable(why, _LONGEST_LINE)}:\n             {style.strong(command)}"
