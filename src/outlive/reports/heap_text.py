"""A snapshot at a glance as text: what is big, what is suspect, what is garbage, what nobody explains.

Pure: a summary in, a string out. Names in a snapshot are foreign: all pass `printable`.
"""

from __future__ import annotations

import shlex

from outlive.model.heap_summary import Block, Cycle, HeapSummary, Suspect, TypeTotal, Unexplained
from outlive.reports.amounts import byte_size, counted
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

_SHOWN_TYPES_OF_A_CYCLE = 4


def render(summary: HeapSummary, *, limit: int = 10, color: bool = False) -> str:
    """The whole report, at most `limit` rows a part, ending with a line break."""
    style = Style(color)
    parts = [
        _head(summary, style),
        _part("biggest, with all that would go with them", _biggest(summary.biggest, limit), style),
        _part("types", _types(summary.types, limit), style),
        _part("suspects: one object that holds very much", _suspects(summary.suspects, limit), style),
        _part("garbage that waits for the collector", _cycles(summary.cycles, limit), style),
        _part("references that no Python object holds", _unexplained(summary.unexplained, limit), style),
        _next(summary, style),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(summary: HeapSummary, style: Style) -> str:
    size = f"{counted(summary.objects, 'object')}, {byte_size(summary.bytes)}"
    lines = [f"{style.strong(printable(summary.path))}: {size}, {counted(summary.references, 'reference')}"]
    lines += [
        f"  {style.quiet('python')}  {printable(summary.python)}",
        f"  {style.quiet('check')}   {summary.quality}",
    ]
    return "\n".join(lines)


def _part(title: str, rows: list[str], style: Style) -> str:
    return "\n".join([style.strong(title), *(f"  {row}" for row in rows)]) if rows else ""


def _biggest(blocks: tuple[Block, ...], limit: int) -> list[str]:
    head = ["retained", "own", "objects", "node", "what"]
    rows = [
        [byte_size(one.retained_bytes), byte_size(one.bytes), f"{one.objects:,}", f"#{one.node}", _block(one)]
        for one in blocks[:limit]
    ]
    return [*columns([head, *rows], left=frozenset({4})), *_more(len(blocks), limit)] if rows else []


def _block(one: Block) -> str:
    kind = _short(one.type)
    return f"{printable(one.label)}  ({kind})" if one.label and one.label != one.type else kind


def _types(types: tuple[TypeTotal, ...], limit: int) -> list[str]:
    head = ["retained", "own", "objects", "type"]
    rows = [
        [byte_size(one.retained_bytes), byte_size(one.bytes), f"{one.count:,}", _short(one.type)]
        for one in types[:limit]
    ]
    return [*columns([head, *rows], left=frozenset({3})), *_more(len(types), limit)] if rows else []


def _suspects(suspects: tuple[Suspect, ...], limit: int) -> list[str]:
    rows = []
    for one in suspects[:limit]:
        holds = f", mostly {one.count:,} × {_short(one.holds)}" if one.holds else ""
        kept = byte_size(one.retained_bytes)
        rows.append(f"{printable(one.expression) or '(unnamed)'}  ({_short(one.type)}) keeps {kept}{holds}")
    return [*rows, *_more(len(suspects), limit)]


def _cycles(cycles: tuple[Cycle, ...], limit: int) -> list[str]:
    rows = []
    for one in cycles[:limit]:
        names = [_short(name) for name in one.types[:_SHOWN_TYPES_OF_A_CYCLE]]
        more = ["…"] if len(one.types) > len(names) else []
        rows.append([counted(one.objects, "object"), byte_size(one.bytes), ", ".join([*names, *more])])
    return [*columns(rows, left=frozenset({2})), *_more(len(cycles), limit)]


def _unexplained(rows: tuple[Unexplained, ...], limit: int) -> list[str]:
    """What is usual in one line: each extension module keeps what it is made of."""
    told = [one for one in rows if not one.usual]
    cells = [
        [counted(one.references, "reference"), f"to {counted(one.objects, 'object')}", _short(one.type)]
        for one in told[:limit]
    ]
    lines = [*columns(cells, left=frozenset({1, 2})), *_more(len(told), limit)]
    usual = [one for one in rows if one.usual]
    if usual:
        whose = sorted({one.usual for one in usual}, key=lambda name: (name.startswith("the "), name))
        names = ", ".join(printable(name) for name in [*whose[:4], *(["…"] if len(whose) > 4 else [])])
        count = counted(sum(one.references for one in usual), "reference")
        keep = "keeps of its" if len(whose) == 1 else "keep of their"
        lines.append(f"{'and ' if told else ''}{count} to what {names} {keep} own: usual")
    if told:
        lines.append("native code keeps these; whether it forgot them, only a second snapshot tells (outlive diff)")
    return lines


def _more(count: int, limit: int) -> list[str]:
    return [f"and {count - limit:,} more (--limit {count} shows all)"] if count > limit else []


def _short(type_name: str) -> str:
    return printable(type_name.removeprefix("builtins."))


def _next(summary: HeapSummary, style: Style) -> str:
    """Ask after the biggest object: the commonest next question."""
    file = shlex.quote(summary.path)
    if summary.biggest:
        why, command = "who holds the biggest, and why", f"outlive why {file} '#{summary.biggest[0].node}'"
    else:
        why, command = "any other question", f"outlive query {file} 'SELECT * FROM by_type LIMIT 20'"
    return f"  {style.quiet('next')}    {why}:\n          {style.strong(command)}"
