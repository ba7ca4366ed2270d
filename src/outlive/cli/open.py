"""`outlive open FILE`: what does this snapshot say at a glance?

Parses, asks the heap for its summary, prints.
"""

from __future__ import annotations

import argparse
import json
import sys

from outlive.cli import exit_codes
from outlive.cli.console import say, wants_color
from outlive.cli.parsing import positive_int

SUMMARY = "Show what is biggest, suspect, garbage or unexplained in a snapshot."
EXAMPLES = """\
outlive open heap.outlive
outlive open heap.outlive --limit 30                # longer lists
outlive open heap.outlive --json | jq '.suspects[0]'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("file", metavar="FILE", help="a snapshot, as outlive snapshot or outlive.snapshot() writes it")
    parser.add_argument(
        "--limit", type=positive_int, default=10, metavar="N", help="rows of each list in the text (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print the whole summary as JSON (schema outlive.heap/1)")


def run(args: argparse.Namespace) -> int:
    """Open, summarise, print."""
    from outlive.cli.busy import busy
    from outlive.cli.snapshot_file import opened
    from outlive.heap.heap import Heap
    from outlive.heap.summary import summarise
    from outlive.reports import heap_json, heap_text

    snapshot = opened(args.file)
    with busy(f"weighing {len(snapshot):,} objects"):
        summary = summarise(Heap(snapshot))
    if args.json:
        say(json.dumps(heap_json.to_json(summary), indent=2))
    else:
        say(heap_text.render(summary, limit=args.limit, color=wants_color(sys.stdout)))
    return exit_codes.NOTHING_FOUND
