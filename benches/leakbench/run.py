"""Runs `outlive check` on every case of leakbench, leaky and mended, and prints who was found and who was accused.

    python benches/leakbench/run.py                       every case
    python benches/leakbench/run.py --only ujson --only F-  some of them
    python benches/leakbench/run.py --json > leakbench.json

Each variant gets an environment of its own with exactly the versions that its case names. Exit code 1 when a leak was
missed or named wrongly, an innocent accused, or a case could not be run; 0 otherwise. Cases whose interpreter is not
installed are skipped, by name.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from case import Case, Variant, load_cases
from environment import ROOT, Cache, CannotSetUp, find_interpreter
from explaining import mark_explanation
from marking import Mark, mark_clean, mark_leaky

CASES = ROOT.parent / "shared" / "leakbench"
PATIENCE_S = 300  # for one check, its own budgets included
NOT_RUN = Mark("-", None)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    id: str
    class_: str
    leaky: Mark
    twin: Mark
    why: Mark
    leaky_seconds: float
    twin_seconds: float

    @property
    def failed(self) -> bool:
        return False in (self.leaky.good, self.twin.good) or (self.must_explain and self.why.good is False)

    @property
    def must_explain(self) -> bool:
        """Innocents (class F) have nothing to explain."""
        return self.class_ in "ABCDE"


def main() -> int:
    args = parse()
    if not args.cases.is_dir():
        print(f"leakbench: no cases at {args.cases}: give their folder with --cases", file=sys.stderr)
        return 2
    cases = load_cases(args.cases, args.only)
    if not cases:
        print("leakbench: no case has such an id", file=sys.stderr)
        return 2
    rows = []
    for case in cases:
        rows.append(run_case(case, Cache(args.cache), args.check_option))
        print(line(rows[-1]), file=sys.stderr if args.json else sys.stdout, flush=True)
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    print(totals(rows), file=sys.stderr if args.json else sys.stdout)
    return int(any(row.failed for row in rows))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES, metavar="DIR", help="the folder of cases")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="cases whose id contains ID")
    parser.add_argument("--cache", type=Path, default=ROOT / ".outlive" / "leakbench", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument(
        "--check-option",
        action="append",
        default=[],
        metavar="WORD",
        help="pass on to outlive check: =--time-budget=60",
    )
    return parser.parse_args()


def run_case(case: Case, cache: Cache, options: list[str]) -> Row:
    leaky, why, leaky_seconds = attempt(case, case.leaky, cache, options)
    twin, _, twin_seconds = attempt(case, case.twin, cache, options) if case.twin else (NOT_RUN, NOT_RUN, 0.0)
    return Row(case.id, case.class_, leaky, twin, why, leaky_seconds, twin_seconds)


def attempt(case: Case, variant: Variant, cache: Cache, options: list[str]) -> tuple[Mark, Mark, float]:
    """Set up and check one variant; the marks of its verdict and its explanation, and the seconds that it took."""
    interpreter = find_interpreter(variant.python, exact=case.needs_exact_python)
    if interpreter is None:
        return Mark(f"skipped: no python {variant.python}", None), NOT_RUN, 0.0
    try:
        python = cache.environment(interpreter, variant.requirements)
    except CannotSetUp as reason:
        return Mark(f"ERROR: cannot set up: {reason}", False), NOT_RUN, 0.0
    started = time.monotonic()
    result = check(case, variant, python, options)
    spent = time.monotonic() - started
    if isinstance(result, str):
        return Mark(f"ERROR: {result}", False), NOT_RUN, spent
    if variant is case.leaky and not case.is_innocent:
        return mark_leaky(case, result), mark_explanation(case, result), spent
    return mark_clean(result), NOT_RUN, spent


def check(case: Case, variant: Variant, python: Path, options: list[str]) -> dict[str, Any] | str:
    """The JSON of `outlive check`, or why there is none. Runs on a copy: cases are read, never written beside."""
    with tempfile.TemporaryDirectory(prefix="leakbench-") as folder:
        home = Path(folder) / case.id
        shutil.copytree(case.folder, home)
        command = [str(python), "-m", "outlive", "check", variant.scenario, "--json", *options]
        try:
            done = subprocess.run(
                command, cwd=home, env={**os.environ, **case.env}, capture_output=True, text=True, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            return f"no answer in {PATIENCE_S} s"
    if done.returncode not in (0, 1, 3) or not done.stdout:
        said = done.stderr.strip().splitlines()
        return f"exit code {done.returncode}: {said[0] if said else 'nothing said'}"
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def line(row: Row) -> str:
    seconds = f"{row.leaky_seconds:5.1f} {row.twin_seconds:5.1f} s"
    words = (
        f"{'✗' if row.failed else ' '} {row.class_}  {row.id:<32} {seconds}  {row.leaky.word:<48} twin: {row.twin.word}"
    )
    return words if row.why is NOT_RUN else f"{words}\n     why: {row.why.word}"


def totals(rows: list[Row]) -> str:
    leaks = [row for row in rows if row.class_ != "F" and not row.leaky.word.startswith("skipped")]
    innocents = [row.leaky for row in rows if row.class_ == "F"] + [row.twin for row in rows]
    judged = [mark for mark in innocents if mark is not NOT_RUN and not mark.word.startswith(("skipped", "ERROR"))]
    found = sum(row.leaky.good is True for row in leaks)
    accused = sum(mark.good is False for mark in judged)
    unsure = sum(mark.good is None for mark in judged)
    asked = [row.why for row in leaks if row.must_explain and row.why is not NOT_RUN]
    explained = sum(mark.good is True for mark in asked)
    return (
        f"\nleaks found, and rightly named: {found} of {len(leaks)}\n"
        f"twins and innocents accused: {accused} of {len(judged)} ({unsure} could not be told)\n"
        f"explained (classes A to E), every word and the recorded holder: {explained} of {len(asked)}"
    )


if __name__ == "__main__":
    sys.exit(main())
