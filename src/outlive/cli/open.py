"""`outlive open FILE…`: what does this snapshot say at a glance, or what do these reports of other tools say together?

Tells by content which it is, asks the heap or the reports, prints.
"""

from __future__ import annotations

import argparse
import json
import sys

from outlive.cli import exit_codes
from outlive.cli.console import say, wants_color
from outlive.cli.parsing import positive_int
from outlive.errors import UsageError

SUMMARY = "Show what a snapshot holds, or what other tools' leak reports say together."
EXAMPLES = """\
outlive open heap.outlive
outlive open heap.outlive --limit 30                # longer lists
outlive open heap.outlive --json | jq '.suspects[0]'
outlive open valgrind.xml asan.log heaptrack.zst    # one finding for each mistake, whoever saw it
outlive open valgrind.xml known.supp --mine ./src   # without what is known, or not yours
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="one snapshot; or reports of LeakSanitizer, AddressSanitizer, Valgrind, heaptrack, memray, gcc, clang and"
        " others, and their suppressions",
    )
    parser.add_argument(
        "--limit", type=positive_int, default=10, metavar="N", help="rows of each list in the text (default: 10)"
    )
    parser.add_argument(
        "--mine",
        metavar="PATH",
        action="append",
        default=[],
        help="of reports: only what has a call in this folder or module; repeatable",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print everything as JSON (schema outlive.heap/1 of a snapshot, outlive.imported/1 of reports)",
    )


def run(args: argparse.Namespace) -> int:
    """Open, summarise, print."""
    from outlive.cli.imported_files import is_snapshot

    if len(args.files) == 1 and is_snapshot(args.files[0]):
        if args.mine:
            raise UsageError("--mine is of reports; a snapshot is shown whole", hint="outlive open heap.outlive")
        return _snapshot(args)
    return _reports(args)


def _snapshot(args: argparse.Namespace) -> int:
    from outlive.cli.busy import busy
    from outlive.cli.snapshot_file import opened
    from outlive.heap.heap import Heap
    from outlive.heap.summary import summarise
    from outlive.reports import heap_json, heap_text

    snapshot = opened(args.files[0])
    with busy(f"weighing {len(snapshot):,} objects"):
        summary = summarise(Heap(snapshot))
    if args.json:
        say(json.dumps(heap_json.to_json(summary), indent=2))
    else:
        say(heap_text.render(summary, limit=args.limit, color=wants_color(sys.stdout)))
    return exit_codes.NOTHING_FOUND


def _reports(args: argparse.Namespace) -> int:
    """Read all, then speak once; the exit code is the verdict's, and memory used wrongly counts as found."""
    from outlive.cli.busy import busy
    from outlive.cli.imported_files import opened
    from outlive.imports.concluding import conclude
    from outlive.imports.suppressions import Suppressions
    from outlive.reports import imported_json, imported_text

    reports, suppressions = [], []
    for file in dict.fromkeys(args.files):
        with busy(f"reading {file}"):
            found = opened(file)
        if isinstance(found, Suppressions):
            suppressions.append(found)
        else:
            reports += found
    if not reports:
        raise UsageError("suppressions alone say nothing", hint="outlive open valgrind.xml known.supp")
    report = conclude(reports, suppressions, args.mine)
    if args.json:
        say(json.dumps(imported_json.to_json(report), indent=2))
    else:
        say(imported_text.render(report, limit=args.limit, color=wants_color(sys.stdout)))
    return exit_codes.LEAK_FOUND if report.broken else exit_codes.of_verdict(report.verdict)
