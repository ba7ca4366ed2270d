"""The three judges behind one call: a function's name in, `leak`, `clean` or `unclear` and seconds out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from outlive.model.verdict import Verdict
from outlive.session import CheckSettings, check

ROOT = Path(__file__).resolve().parents[2]
_LIMIT_SECONDS = 120
_WORDS = {Verdict.LEAK: "leak", Verdict.NO_LEAK: "clean", Verdict.COULD_NOT_TELL: "unclear"}


@dataclass(frozen=True)
class Answer:
    """`word` is leak, clean or unclear (could not tell, crashed, hung). `why` is for people."""

    word: str
    seconds: float
    why: str = ""


Judge = Callable[[str, int], Answer]


def outlive(target: str, seed: int) -> Answer:
    """`outlive check`, default settings."""
    os.environ["VERDICT_SEED"] = str(seed)
    began = time.monotonic()
    result = check(target, CheckSettings())
    named = "; ".join(f"{one.kind} {one.type}".rstrip() for one in result.findings)
    notes = "; ".join(note.text for note in result.notes)
    cost = f"{result.cost.steps:,} steps" if result.cost else ""
    why = " · ".join(part for part in (named, result.reason, notes, cost) if part)
    return Answer(_WORDS[result.verdict], time.monotonic() - began, why)


def peer(name: str, python: str) -> Judge:
    """A peer in a fresh process of an interpreter that has it. psleak wants all memory to come from malloc."""

    def judge(target: str, seed: int) -> Answer:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "VERDICT_SEED": str(seed), "PYTHONMALLOC": "malloc"}
        if name == "naive":
            del environment["PYTHONMALLOC"]
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:  # one workload leaves files behind; that is its leak, not ours
            environment["TMPDIR"] = folder
            return run(environment, target, began)

    def run(environment: dict[str, str], target: str, began: float) -> Answer:
        try:
            done = subprocess.run(
                [python, "-W", "ignore", "-m", "benches.verdict.peers", name, target],
                cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Answer("unclear", time.monotonic() - began, "hung")
        words = [line for line in done.stdout.split() if line in ("leak", "clean")]
        return Answer(words[-1] if words else "unclear", time.monotonic() - began, done.stderr[-200:])

    return judge


def judges(psleak_python: str | None) -> dict[str, Judge]:
    """Outlive, the naive rule and, where an interpreter for it was named, psleak."""
    found: dict[str, Judge] = {"outlive": outlive}
    if psleak_python:
        found["psleak 0.1.6"] = peer("psleak", psleak_python)
    found["RSS grew 1 MB"] = peer("naive", sys.executable)
    return found
