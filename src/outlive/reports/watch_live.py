"""A watch in progress as a table for a terminal. Knows how it looks; when and where it is drawn is the door's affair.

The only report that needs rich, which is why it is a file of its own.
"""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from outlive.model.figures import Course, WatchSummary
from outlive.reports.amounts import seconds
from outlive.reports.watch_text import in_unit


def table(summary: WatchSummary, *, warmup: bool = False) -> Table:
    """The figures so far, one row each; growth past its threshold stands out."""
    state = "warming up" if warmup else f"sample {summary.samples}, {seconds(summary.elapsed_s)}"
    grid = Table(title=Text(f"process {summary.pid}: {state}"), title_justify="left", caption=Text("Ctrl-C: report"))
    grid.add_column("figure")
    for name in ("now", "minimum", "maximum", "growth", "threshold"):
        grid.add_column(name, justify="right")
    for course in summary.courses:
        grid.add_row(*_row(course))
    return grid


def _row(course: Course) -> list[Text]:
    growth = Text(f"{_arrow(course.growth)}{in_unit(abs(course.growth), course)}")
    if course.exceeded:
        growth.stylize("bold red")
    threshold = "" if course.threshold is None else in_unit(course.threshold, course)
    levels = (course.final, course.minimum, course.maximum)
    return [Text(course.figure.label), *(Text(in_unit(value, course)) for value in levels), growth, Text(threshold)]


def _arrow(growth: int) -> str:
    if growth == 0:
        return ""
    return "↑ " if growth > 0 else "↓ "
