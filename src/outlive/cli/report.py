"""`outlive report FILE`: a check's result or a snapshot as one HTML page.

Tells by the file's first bytes what it is, reads it, writes the page. What a page says is known in `reports.page`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from outlive.cli import exit_codes, last_result
from outlive.cli.console import complain, say
from outlive.errors import UsageError

SUMMARY = "Write a check's result or a snapshot as one HTML page that needs no network."
EXAMPLES = """\
outlive report --last -o report.html            # the newest check
outlive report result.json -o report.html       # from: outlive check scenario.py --json-to result.json
outlive report heap.outlive -o heap.html        # a snapshot: what is big, and what keeps it
outlive report --last -o -                      # to stdout
"""
_SNAPSHOT_MAGIC = b"OUTLIVE\x1a"
# A result has some kilobytes a finding; what is larger than this is no result of ours.
_LARGEST_RESULT_BYTES = 64 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="a check's JSON result, or a snapshot")
    parser.add_argument("--last", action="store_true", help="the newest result of a check, instead of FILE")
    parser.add_argument(
        "-o",
        "--output",
        metavar="HTML",
        default="outlive-report.html",
        help="the page to write; - is stdout (default: outlive-report.html)",
    )
    parser.add_argument("--json", action="store_true", help="say as JSON what was written (schema outlive.report/1)")


def run(args: argparse.Namespace) -> int:
    """Write the page. The exit code says whether that worked, not what the page says."""
    if args.last == (args.file is not None):
        raise UsageError("name one FILE, or --last", hint="outlive report --last -o report.html")
    if args.output == "-" and args.json:
        raise UsageError("stdout cannot hold the page and the JSON", hint="outlive report --last -o report.html --json")
    _refuse_unwritable(args.output)
    kind, title, page = _page_of_last() if args.last else _page_of(args.file)
    if args.output == "-":
        say(page)
        return exit_codes.NOTHING_FOUND
    size = _write(Path(args.output), page)
    _tell(args, kind, title, size)
    return exit_codes.NOTHING_FOUND


def _page_of_last() -> tuple[str, str, str]:
    return _page_of_check(last_result.load())


def _page_of(file: Path) -> tuple[str, str, str]:
    """(kind, what it says in a line, page)."""
    try:
        with file.open("rb") as stream:
            if stream.read(len(_SNAPSHOT_MAGIC)) == _SNAPSHOT_MAGIC:
                return _page_of_snapshot(file)
            if os.fstat(stream.fileno()).st_size > _LARGEST_RESULT_BYTES:
                raise UsageError(f"{file} is neither a snapshot nor a check's result", hint="outlive report --help")
            stream.seek(0)
            return _page_of_check(stream.read(_LARGEST_RESULT_BYTES).decode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="outlive report --last") from error


def _page_of_check(text: str) -> tuple[str, str, str]:
    from outlive.reports import page
    from outlive.reports.page.reading import read_check

    result = read_check(text)
    return "check", f"{result.verdict.value}, {result.scenario}", page.of_check(result)


def _page_of_snapshot(file: Path) -> tuple[str, str, str]:
    from outlive.cli.busy import busy
    from outlive.cli.snapshot_file import opened

    snapshot = opened(str(file))
    from outlive.heap.heap import Heap
    from outlive.heap.summary import summarise
    from outlive.reports import page

    with busy(f"weighing {len(snapshot):,} objects"):
        summary = summarise(Heap(snapshot))
    return "snapshot", f"{summary.objects:,} objects", page.of_heap(summary)


def _refuse_unwritable(output: str) -> None:
    """Before the work: a large snapshot takes seconds."""
    if output != "-" and not Path(output).parent.is_dir():
        raise UsageError(f"cannot write {output}: no such folder", hint="-o a file in a folder that exists")


def _write(file: Path, page: str) -> int:
    content = page.encode("utf-8")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", hint="-o another file") from error
    return len(content)


def _tell(args: argparse.Namespace, kind: str, title: str, size: int) -> None:
    if args.json:
        told = {"schema": "outlive.report/1", "kind": kind, "title": title, "page": args.output, "bytes": size}
        say(json.dumps(told, indent=2))
        return
    say(f"{args.output}: {title} ({size / 1024:,.0f} KB)")
    complain(f"next: open it: xdg-open {args.output}")
