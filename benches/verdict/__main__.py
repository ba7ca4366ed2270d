"""Runs every workload through every judge and prints one table.

python -m benches.verdict                                  # synthetic set, one run each, Outlive and the naive rule
python -m benches.verdict --set labelled --runs 20 --busy  # 15 leaking and 18 clean functions on a busy machine
python -m benches.verdict --psleak VENV/bin/python         # psleak 0.1.6 beside us (pip install psleak==0.1.6)
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benches.verdict import innocents, labelled, leaks
from benches.verdict.judges import ROOT, Answer, judges

Workloads = list[tuple[Callable[..., Any], bool]]


def main() -> int:
    options = parse()
    os.environ["PYTHONPATH"] = str(ROOT)
    answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    chosen = workloads(options.set, options.only)
    available = judges(options.psleak)
    wanted = {name: judge for name, judge in available.items() if not options.judges or name in options.judges}
    with busy(2 if options.busy else 0):
        for run in range(options.runs):
            seed = run if options.fixed else int(time.time() * 1000) % 2**31
            for function, leaking in chosen:
                target = f"{function.__module__}:{function.__name__}"
                for name, judge in wanted.items():
                    answer = judge(target, seed)
                    answers[name, function.__name__].append(answer)
                    report_wrong(name, function.__name__, leaking, answer, options.verbose)
    show(answers, chosen, list(wanted))
    if options.json:
        rows = {f"{name} {what}": [vars(one) for one in given] for (name, what), given in answers.items()}
        options.json.write_text(json.dumps(rows, indent=1))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.verdict", description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=["synthetic", "labelled"], default="synthetic")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--fresh", dest="fixed", action="store_false", help="seeds by the clock instead of 0, 1, 2 …")
    parser.add_argument("--busy", action="store_true", help="two processes spin all the while")
    parser.add_argument("--psleak", metavar="PYTHON", help="an interpreter that has psleak 0.1.6")
    parser.add_argument("--judges", nargs="+", help="only these judges, by the names of the table")
    parser.add_argument("--only", default="", help="only workloads with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single answer")
    parser.add_argument("--verbose", action="store_true", help="print right answers, too, as they come")
    return parser.parse_args()


def workloads(name: str, only: str) -> Workloads:
    if name == "labelled":
        both = [(one, True) for one in labelled.LEAKING] + [(one, False) for one in labelled.CLEAN]
    else:
        both = [(one, True) for one in leaks.LEAKS] + [(one, False) for one in innocents.INNOCENTS]
    return [(function, leaking) for function, leaking in both if only in function.__name__]


def report_wrong(judge: str, name: str, leaking: bool, answer: Answer, verbose: bool) -> None:
    right = answer.word == ("leak" if leaking else "clean")
    if verbose or (judge == "outlive" and not right):
        truth = "leaks" if leaking else "clean"
        print(f"  {judge}: {name} ({truth}) {answer.word} {answer.seconds:.1f} s {answer.why}", flush=True)


def show(answers: dict[tuple[str, str], list[Answer]], chosen: Workloads, names: list[str]) -> None:
    """One row per workload, then one line per judge: share of leaks found and of clean runs accused."""
    print(f"\n{'workload':34} {'':6}" + "".join(f"{name:>26}" for name in names))
    for function, leaking in chosen:
        cells = "".join(f"{cell(answers[name, function.__name__]):>26}" for name in names)
        print(f"{function.__name__:34} {'leaks' if leaking else 'clean':6}{cells}")
    print()
    for name in names:
        found = [one for fn, leaking in chosen if leaking for one in answers[name, fn.__name__]]
        clean = [one for fn, leaking in chosen if not leaking for one in answers[name, fn.__name__]]
        verdicts = f"found {share(found)}   accused {share(clean)}"
        print(f"{name:16} {verdicts}   {spent(found)} per leak, {spent(clean)} per clean")


def cell(given: list[Answer]) -> str:
    accused = sum(one.word == "leak" for one in given)
    unclear = sum(one.word == "unclear" for one in given)
    text = f"{accused}/{len(given)}" + (f" ({unclear}?)" if unclear else "")
    return f"{text} {statistics.median(one.seconds for one in given):7.2f} s"


def share(given: list[Answer]) -> str:
    accused = sum(one.word == "leak" for one in given)
    return f"{accused}/{len(given)} ({accused / len(given):.1%})" if given else "-"


def spent(given: list[Answer]) -> str:
    seconds = sorted(one.seconds for one in given)
    return f"{statistics.median(seconds):.1f} s (longest {seconds[-1]:.1f})" if seconds else "-"


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes spin while the block runs."""
    spinning = [multiprocessing.Process(target=spin, daemon=True) for _ in range(processes)]
    for one in spinning:
        one.start()
    try:
        yield
    finally:
        for one in spinning:
            one.terminate()
            one.join()


def spin() -> None:
    while True:
        pass


if __name__ == "__main__":
    raise SystemExit(main())
