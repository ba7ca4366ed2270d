"""The rows of a query as text, CSV or JSON (schema `outlive.query/1`), piece by piece: there may be millions.

Knows columns and rows; knows no SQL. In text names pass `printable`; CSV and JSON hold what is there.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from outlive import __version__
from outlive.reports.printable import printable
from outlive.reports.style import columns as laid_out

SCHEMA = "outlive.query/1"
_CELL_MAX = 100
_AT_ONCE = 1000

Columns = Sequence[tuple[str, str]]
Rows = Iterable[Sequence[Any]]


def as_text(columns: Columns, rows: Rows, limit: int) -> str:
    """An aligned table of the first `limit` rows; says so when there are more."""
    coming = iter(rows)
    shown = list(islice(coming, limit))
    more = next(coming, None) is not None
    cells = [[name for name, _ in columns], *([_cell(value) for value in row] for row in shown)]
    left = frozenset(at for at in range(len(columns)) if not all(_is_number(row[at]) for row in shown))
    lines = laid_out(cells, left=left)
    tail = [f"first {limit:,} rows; --limit N shows more, --csv and --json show all"] if more else []
    return "\n".join([*lines, *(tail or ([] if shown else ["no rows"]))]) + "\n"


def as_csv(columns: Columns, rows: Rows) -> Iterator[str]:
    """A line of names, then the rows."""
    yield _csv_lines([[name for name, _ in columns]])
    coming = iter(rows)
    while some := list(islice(coming, _AT_ONCE)):
        yield _csv_lines(some)


def as_json(columns: Columns, rows: Rows) -> Iterator[str]:
    """One object; each row is a list in the order of `columns`, on a line of its own."""
    head = {
        "schema": SCHEMA,
        "outlive": __version__,
        "columns": [{"name": name, "type": kind} for name, kind in columns],
    }
    yield json.dumps(head)[:-1] + ', "rows": [\n'
    coming = iter(rows)
    before = ""
    while some := list(islice(coming, _AT_ONCE)):
        yield before + ",\n".join(json.dumps([_plain(value) for value in row]) for row in some) + "\n"
        before = ","
    yield "]}\n"


def _csv_lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return printable(str(value), _CELL_MAX)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _plain(value: Any) -> Any:
    """What JSON can hold: no infinity, and text for what it has no word for."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return str(value)
