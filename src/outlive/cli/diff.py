"""`outlive diff A B [C]`: what came between two snapshots, and who holds it?

Parses, compares, prints.
"""

from __future__ import annotations

import argparse
import json
import sys

from outlive.cli import exit_codes
from outlive.cli.console import say, wants_color
from outlive.cli.parsing import positive_int

SUMMARY = "Show what is new between two snapshots, or between two and still there in a third."
EXAMPLES = """\
outlive diff before.outlive after.outlive
outlive diff a.outlive b.outlive c.outlive     # made between a and b, still there in c: what a warm cache is not
outlive diff before.outlive after.outlive --json | jq '.types[0]'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("earlier", metavar="A", help="the earlier snapshot")
    parser.add_argument("later", metavar="B", help="a later one, best of the same process")
    parser.add_argument("last", metavar="C", nargs="?", help="a still later one")
    parser.add_argument(
        "--limit", type=positive_int, default=10, metavar="N", help="rows of each list in the text (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON (schema outlive.diff/1)")


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    from outlive.cli.busy import busy
    from outlive.cli.snapshot_file import opened
    from outlive.heap.diff import compare
    from outlive.reports import diff_text

    files = [file for file in (args.earlier, args.later, args.last) if file]
    snapshots = [opened(file) for file in files]
    with busy(f"comparing {' and '.join(files)}"):
        change = compare(files, snapshots)
    if args.json:
        say(json.dumps(diff_text.to_json(change), indent=2))
    else:
        say(diff_text.render(change, limit=args.limit, color=wants_color(sys.stdout)))
    return exit_codes.NOTHING_FOUND
