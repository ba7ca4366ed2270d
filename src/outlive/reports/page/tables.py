"""Tables that a script can sort and filter: the first rows as plain HTML, all of them as data. Knows no subject.

A cell is either text or a number with the words it is shown by; numbers sort by size, not by their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from outlive.reports.amounts import byte_size
from outlive.reports.page.markup import Markup, code, element, shown_name

_ROWS_IN_HTML = 20
_MOST_ROWS = 4_000


@dataclass(frozen=True)
class Column:
    """`kind`: "name" (code), "count", "bytes", or "link" (cells are pairs of words and anchor)."""

    title: str
    kind: str = "name"


Cell = str | int | float | tuple[str, str]


@dataclass(frozen=True)
class Table:
    """`id` names it in the page. `caption` is for those who cannot see what stands above it."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]


def table(it: Table) -> Markup:
    """The table with its first rows. More come with the script; without it, a line says how many are missing."""
    head = element("tr", *(_head(column) for column in it.columns))
    rows = [
        element("tr", *(_cell(column, cell) for column, cell in zip(it.columns, row)))
        for row in it.rows[:_ROWS_IN_HTML]
    ]
    inner = element(
        "table", element("caption", it.caption, class_="unseen"), element("thead", head), element("tbody", *rows)
    )
    more = len(it.rows) - len(rows)
    line = element("p", f"The first {len(rows)} of {len(it.rows):,} rows.", class_="more") if more > 0 else None
    return element("div", scrolling(inner, it.caption), line, class_="table", data_table=it.id)


def table_data(it: Table) -> dict[str, Any]:
    """What the script needs of it; `left_out` counts the rows beyond the most that a page carries."""
    return {
        "columns": [{"title": column.title, "kind": column.kind} for column in it.columns],
        "rows": [[_datum(cell) for cell in row] for row in it.rows[:_MOST_ROWS]],
        "left_out": max(0, len(it.rows) - _MOST_ROWS),
    }


def scrolling(inner: Markup, label: str) -> Markup:
    """A box that scrolls sideways on its own, by keyboard too, so that the page never does."""
    return element("div", inner, class_="scroll", tabindex=0, role="region", aria_label=label)


def _head(column: Column) -> Markup:
    return element("th", column.title, scope="col", class_="number" if column.kind in ("count", "bytes") else None)


def _cell(column: Column, cell: Cell) -> Markup:
    if isinstance(cell, tuple):
        return element("td", element("a", cell[0], href=f"#{cell[1]}"), class_="named")
    if isinstance(cell, str):
        return element("td", code(cell), class_="named")
    words = byte_size(cell) if column.kind == "bytes" else f"{cell:,}"
    return element("td", words, class_="number")


def _datum(cell: Cell) -> Any:
    if isinstance(cell, tuple):
        return [shown_name(cell[0]), cell[1]]
    return shown_name(cell) if isinstance(cell, str) else cell
