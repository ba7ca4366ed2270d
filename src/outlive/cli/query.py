"""`outlive query FILE "SELECT …"`: ask a snapshot in SQL.

Parses, hands the statement to the tables, prints the rows. What the tables hold stands in
docs/reference/query-tables.md.
"""

from __future__ import annotations

import argparse
from contextlib import closing

from outlive.cli import exit_codes
from outlive.cli.console import say
from outlive.cli.parsing import positive_int
from outlive.errors import OutliveError, UsageError

SUMMARY = "Ask a snapshot in SQL (DuckDB; the extra outlive[query])."
EXAMPLES = """\
outlive query heap.outlive "SELECT * FROM by_type LIMIT 10"
outlive query heap.outlive "SELECT node, type, retained, path(node) FROM biggest LIMIT 5"
outlive query heap.outlive "SELECT type, sum(unexplained) FROM unexplained GROUP BY type ORDER BY 2 DESC"
outlive query heap.outlive "SELECT * FROM objects WHERE type = 'app.Session'" --csv > sessions.csv
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("file", metavar="FILE", help="a snapshot")
    parser.add_argument(
        "sql", metavar="SQL", help="one SELECT over objects, refs, types, sites, texts, by_type, biggest, unexplained"
    )
    parser.add_argument(
        "--limit", type=positive_int, default=100, metavar="N", help="rows of the text table (default: 100)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print all rows as JSON (schema outlive.query/1)")
    form.add_argument("--csv", action="store_true", help="print all rows as CSV")


def run(args: argparse.Namespace) -> int:
    """Ask and print."""
    from outlive.cli.snapshot_file import opened
    from outlive.cli.tables_of_heap import tables_of
    from outlive.reports import query_rows

    snapshot = opened(args.file)
    try:
        tables = tables_of(snapshot)
    except OutliveError as error:
        raise UsageError(error.what, why=error.why, hint=error.hint) from None
    with closing(tables):
        answer = tables.ask(args.sql)
        if args.csv or args.json:
            form = query_rows.as_csv if args.csv else query_rows.as_json
            for piece in form(answer.columns, answer.rows):
                say(piece)
        else:
            say(query_rows.as_text(answer.columns, answer.rows, args.limit))
    return exit_codes.NOTHING_FOUND
