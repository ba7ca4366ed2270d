"""Successive runs as a table: each mistake, each run, what the last fix removed and what it exposed.

Pure: the runs in, a string out. All figures are computed here from what the runs said; none is typed.
"""

from __future__ import annotations

from outlive.explain.native.iterations import Row, Sum, rows, sums
from outlive.model.iterations import Iteration, Iterations
from outlive.reports.amounts import byte_size, counted
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

_SHOWN_RUNS = 6
_SHOWN_ROWS = 40
_SHOWN_FIXED = 10


def render(history: Iterations, *, color: bool = False) -> str:
    """The table, ending with a line break; it needs one run at least."""
    style = Style(color)
    parts = [style.strong(f"run {len(history.runs)} of {printable(history.program)}"), _causes(history, style)]
    parts += [_totals(history, style), _last_step(history)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _causes(history: Iterations, style: Style) -> str:
    found = rows(history)
    if not found:
        return ""
    first = max(0, len(history.runs) - _SHOWN_RUNS)
    head = ["bytes in blocks, by mistake", *(f"run {at + 1}" for at in range(first, len(history.runs))), ""]
    table = columns([head, *(_cells(row, first) for row in found[:_SHOWN_ROWS])], left=frozenset({0, len(head) - 1}))
    hidden = len(found) - _SHOWN_ROWS
    more = [style.quiet(f"  and {counted(hidden, 'other')} (in the file)")] if hidden > 0 else []
    return "\n".join([style.strong(f"  {table[0]}"), *(f"  {line}" for line in table[1:]), *more])


def _cells(row: Row, first: int) -> list[str]:
    by = f" < {row.cause.caller}" if row.cause.caller else ""
    name = f"{row.cause.what}{by} ({row.cause.owner}, {row.cause.category})"
    return [printable(name, 70), *map(_figure, row.bytes[first:], row.counts[first:]), row.change]


def _figure(size: int | None, count: int | None) -> str:
    return f"{size:,} in {count:,}" if size is not None and count is not None else "–"


def _totals(history: Iterations, style: Style) -> str:
    head = ["run", "ended (UTC)", "total", "blocks", "the program's", "others'", "less than in run 1", "verdict"]
    table = [head]
    pairs = list(enumerate(zip(history.runs, sums(history)), start=1))
    table += [_total(at, run, total) for at, (run, total) in pairs[-_SHOWN_RUNS:]]
    lines = columns(table, left=frozenset({1, 7}))
    return "\n".join([style.strong(f"  {lines[0]}"), *(f"  {line}" for line in lines[1:])])


def _total(at: int, run: Iteration, total: Sum) -> list[str]:
    better = f"{total.improvement:.1%}" if total.improvement is not None else "–"
    sizes = [f"{total.bytes:,} B", f"{total.count:,}", f"{total.application_bytes:,} B", f"{total.system_bytes:,} B"]
    return [str(at), printable(run.at), *sizes, better, printable(run.verdict)]


def _last_step(history: Iterations) -> str:
    """What the last run says of the change before it, in a line each."""
    if len(history.runs) < 2:
        return ""
    found = rows(history)
    lines = [_removed([row for row in found if row.change == "fixed"])]
    exposed = [row for row in found if row.change in ("new", "back")]
    lines += [f"  exposed: {', '.join(printable(row.cause.what) for row in exposed)}"] if exposed else []
    before, now = (one.bytes for one in sums(history)[-2:])
    if now > before and exposed:
        lines.append(f"  The total is {byte_size(now - before)} higher than in the run before: something new is lost.")
    return "\n".join(line for line in lines if line)


def _removed(fixed: list[Row]) -> str:
    names = ", ".join(printable(row.cause.what) for row in fixed[:_SHOWN_FIXED])
    return f"  fixed: {names}" if fixed else ""
