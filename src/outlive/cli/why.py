"""`outlive why FILE WHAT`: who holds these objects, and is that a mistake?

Parses, finds the objects, has a sample of them explained, prints.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from outlive.cli import exit_codes
from outlive.cli.console import say, wants_color
from outlive.cli.parsing import positive_int

if TYPE_CHECKING:
    from outlive.heap.heap import Heap
    from outlive.reports.asked_text import Asked

SUMMARY = "Show who holds an object, or the objects of a type, in a snapshot."
EXAMPLES = """\
outlive why heap.outlive app.Session                    # all of a type, grouped by who holds them
outlive why heap.outlive "app.sessions['u42']"          # one object, as the program would write it
outlive why heap.outlive '#1234'                        # a node, as outlive open and outlive query show it
outlive why heap.outlive 0x7f1200c3a490                 # an address
outlive why heap.outlive "sql:SELECT node FROM biggest LIMIT 5"
"""
_SAMPLE = 96
_SAMPLE_OF_ALL = 2_000  # a path is a matter of a millisecond; a heap has millions of objects


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("file", metavar="FILE", help="a snapshot")
    parser.add_argument("what", metavar="WHAT", help="a type, an expression, #node, 0xaddress, or sql:SELECT …")
    parser.add_argument(
        "--limit", type=positive_int, default=3, metavar="N", help="ways of being held to show (default: 3)"
    )
    parser.add_argument(
        "--all", action="store_true", help=f"show all ways, and look at {_SAMPLE_OF_ALL:,} objects, not {_SAMPLE}"
    )
    parser.add_argument("--json", action="store_true", help="print all ways as JSON (schema outlive.why/1)")


def run(args: argparse.Namespace) -> int:
    """Find, explain, print."""
    from outlive.cli.busy import busy
    from outlive.cli.snapshot_file import opened
    from outlive.heap.heap import Heap
    from outlive.reports import asked_text

    heap = Heap(opened(args.file))
    with busy(f"looking for who holds {args.what}"):
        asked = _asked(heap, args)
    if args.json:
        say(json.dumps(asked_text.to_json(asked), indent=2))
    else:
        limit = len(asked.explanations) if args.all else args.limit
        say(asked_text.render(asked, limit=limit, color=wants_color(sys.stdout)))
    return exit_codes.NOTHING_FOUND


def _asked(heap: Heap, args: argparse.Namespace) -> Asked:
    from outlive.cli.asking import context_of, nodes_of
    from outlive.explain.explain import explain_outlivers
    from outlive.reports.asked_text import Asked

    nodes = nodes_of(heap, args.what)
    most = _SAMPLE_OF_ALL if args.all else _SAMPLE
    stride = max(1, len(nodes) // most)
    sample = nodes[::stride][:most]
    types = {heap.type_name(node) for node in sample}
    return Asked(
        file=args.file,
        what=args.what,
        objects=len(nodes),
        bytes=int(heap.sizes[nodes].sum()),
        sampled=len(sample),
        node=sample[0],
        type=types.pop() if len(types) == 1 else "",
        explanations=explain_outlivers(heap, sample, context_of(heap)),
    )
