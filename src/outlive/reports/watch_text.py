"""A watch as text: the memory report of the first field report, and the other figures below it.

The memory part keeps its text to the letter, since scripts and people read it: three figures in KB, initial, minimum,
maximum, final, growth and peak growth. Below come whatever else was watched, what passed its threshold, how the watch
ended and what to type next. Pure: a summary in, a string out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

from outlive.model.figures import Course, WatchSummary
from outlive.reports.amounts import counted, seconds
from outlive.reports.style import Style, columns

_MEMORY = ("vm_size", "vm_rss", "vm_data")
_NOT_YET_A_LEAK = (
    "  This is growth, not yet a leak: interpreter caches, allocator pools and buffers grow at first, then stop.",
    "  Large growth that goes on from sample to sample is what a leak looks like.",
)


def render(summary: WatchSummary, *, color: bool = False) -> str:
    """The whole report, ending with a line break."""
    memory = [course for course in summary.courses if course.figure.name in _MEMORY]
    others = [course for course in summary.courses if course.figure.name not in _MEMORY]
    parts = [
        f"=== Memory Usage Report ===\nSamples taken: {summary.samples}",
        _levels(memory),
        _growth(memory),
        _peak_growth(memory),
        _others(others),
        _analysis(summary, Style(color)),
        _ending(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def direction(growth: int) -> str:
    """ " (↑ increased)", " (↓ decreased)" or nothing."""
    if growth == 0:
        return ""
    return " (↑ increased)" if growth > 0 else " (↓ decreased)"


def in_unit(value: int, course: Course) -> str:
    """ "344 KB", or "12" for a count."""
    return f"{value} {course.figure.unit}".rstrip()


def _levels(memory: list[Course]) -> str:
    rows: list[tuple[str, Callable[[Course], int]]] = [
        ("Initial:", lambda course: course.initial),
        ("Minimum:", lambda course: course.minimum),
        ("Maximum:", lambda course: course.maximum),
        ("Final:", lambda course: course.final),
    ]
    lines = []
    for name, value in rows:
        cells = ", ".join(f"{course.figure.label}: {value(course):8d} KB" for course in memory)
        lines.append(f"{name:<8}  {cells}")
    return "\n".join(lines)


def _growth(memory: list[Course]) -> str:
    lines = [f"{_amount_line(course, course.growth)}{direction(course.growth)}" for course in memory]
    return "\n".join(["Memory Growth (Final - Initial):", *lines])


def _peak_growth(memory: list[Course]) -> str:
    return "\n".join(
        ["Peak Memory Growth (Max - Initial):", *(_amount_line(course, course.peak_growth) for course in memory)]
    )


def _amount_line(course: Course, amount: int) -> str:
    return f"  {course.figure.label + ':':<7} {amount:8d} KB"


def _others(others: list[Course]) -> str:
    if not others:
        return ""
    head = ["", "initial", "minimum", "maximum", "final", "growth", "peak growth", ""]
    lines = columns([head, *(_other_row(course) for course in others)], left=frozenset({0, 7}))
    return "\n".join(["Other figures:", *(f"  {line}" for line in lines)])


def _other_row(course: Course) -> list[str]:
    levels = (course.initial, course.minimum, course.maximum, course.final, course.growth, course.peak_growth)
    return [course.figure.label, *(in_unit(value, course) for value in levels), direction(course.growth).strip()]


def _analysis(summary: WatchSummary, style: Style) -> str:
    lines = ["=== Memory Leak Analysis ==="]
    if not summary.judged:
        lines.append(style.unsure("? Could not tell whether anything grows"))
        lines.append(f"  {_too_little(summary)}")
        return "\n".join(lines)
    memory = [course for course in summary.courses if course.figure.name in _MEMORY]
    if not any(course.exceeded for course in memory):
        lines += [style.good("✓ No significant memory growth detected"), f"  {_within(memory)}"]
    lines += [style.bad(_warning(course)) for course in summary.exceeded]
    if summary.exceeded:
        lines += _NOT_YET_A_LEAK
    kept = [course for course in summary.courses if course not in memory and course.threshold is not None]
    lines += [style.good(_kept(course)) for course in kept if not course.exceeded]
    return "\n".join(lines)


def _too_little(summary: WatchSummary) -> str:
    if summary.samples == 1:
        return "One sample says what is there, not what grows."
    return "What was seen is the start of the program, which always grows, or broke off."


def _within(memory: list[Course]) -> str:
    limits = {course.figure.label: course.threshold for course in memory if course.threshold is not None}
    if not limits:
        return "No threshold is set on memory"
    if len(set(limits.values())) == 1:
        return f"All memory deltas are within acceptable threshold (< {next(iter(limits.values()))} KB)"
    each = ", ".join(f"{label} < {limit} KB" for label, limit in limits.items())
    return f"All memory deltas are within acceptable thresholds ({each})"


def _warning(course: Course) -> str:
    unit = f" {course.figure.unit}" if course.figure.unit else ""
    grown = f"{course.figure.label} increased by {course.growth}{unit}"
    return f"⚠️  WARNING: {grown} (>{course.threshold}{unit} threshold)"


def _kept(course: Course) -> str:
    return f"✓ {course.figure.label} stayed within its threshold ({course.growth:+d}, threshold {course.threshold})"


def _ending(summary: WatchSummary) -> str:
    watched = f"{shlex.join(summary.command)} (process {summary.pid})" if summary.command else f"process {summary.pid}"
    text = f"{watched}, {counted(summary.samples, 'sample')} over {seconds(summary.elapsed_s)}"
    lines = [f"watched:  {text}{'; ' + summary.ending if summary.ending else ''}"]
    for why in dict.fromkeys(summary.unread.values()):
        names = ", ".join(name for name, reason in summary.unread.items() if reason == why)
        lines.append(f"not read: {names}: {why}")
    why, command = next_command(summary)
    return "\n".join([*lines, f"next:     {why}:\n          {command}"])


def next_command(summary: WatchSummary) -> tuple[str, str]:
    """`(why, command)`: what to type next, and what for."""
    if summary.exceeded:
        return "to know whether it leaks, run one piece of its work over and over", "outlive check scenario.py"
    again = f"-- {shlex.join(summary.command)}" if summary.command else str(summary.pid)
    if not summary.judged and summary.command:
        return "to judge a short command from its very start", f"outlive watch --warmup 0 --every 0.1 {again}"
    return "to see slower growth, watch longer", f"outlive watch --for {_longer_s(summary)} {again}"


def _longer_s(summary: WatchSummary) -> int:
    """Ten times as long, at least a minute, in whole tens of seconds."""
    return max(60, round(summary.elapsed_s) * 10)
