"""`python -m benches.fleet [--python PATH] [--only NAME …] [--twin sound|faulty] [--verbose]`: a row a program.

Sound programs must be accused of nothing. Of a faulty twin, one leftover must fit what its first lines say it leaves;
whatever else it is accused of is printed, for a person to judge. Both must behave as when nobody watches them.
"""

from __future__ import annotations

import argparse
import re
import sys

from benches.fleet.programs_of import Program, programs
from benches.fleet.runs import Outcome, has_packages, outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.fleet", description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--twin", choices=["sound", "faulty"])
    parser.add_argument("--verbose", action="store_true", help="print every leftover, and how long the runs took")
    asked = parser.parse_args()
    print("| program | twin | expected | verdict | wrong or missed | behaviour |")
    print("|---|---|---|---|---|---|", flush=True)
    wrong = 0
    for program in programs():
        if asked.only and not any(word in program.name for word in asked.only):
            continue
        if not has_packages(asked.python, program):
            print(f"| {program.name} | | | skipped: needs {', '.join(program.needs)} | | |", flush=True)
            continue
        for twin in (asked.twin,) if asked.twin else ("sound", "faulty"):
            found = outcome(asked.python, program, faulty=twin == "faulty")
            mistakes = _mistakes(program, twin, found)
            wrong += bool(mistakes) or bool(found.changed)
            expected = "nothing" if twin == "sound" else program.leaves.replace("|", " or ")
            cells = (program.name, twin, expected, found.verdict, mistakes, found.changed or "same")
            print("|", " | ".join(cells), "|", flush=True)
            _tell(found, verbose=asked.verbose)
    print(f"\n{wrong} rows with something wrong" if wrong else "\nall as expected")
    return int(wrong > 0)


def _mistakes(program: Program, twin: str, found: Outcome) -> str:
    if found.verdict not in ("leak", "no leak"):
        return f"could not tell: {found.trouble[:200]}"
    if twin == "sound":
        return f"accused of {len(found.accused)}" if found.accused else ""
    return "" if any(re.search(program.leaves, one) for one in found.accused) else "missed"


def _tell(found: Outcome, *, verbose: bool) -> None:
    if not verbose:
        return
    for words in found.accused:
        print("    LEAK ", words)
    for words in found.mentioned:
        print("    seen ", words)
    if found.trouble:
        print("    note ", found.trouble)
    print(
        f"    took  exit {found.code}, {found.seconds_alone:.1f} s alone, {found.seconds_watched:.1f} s watched",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
