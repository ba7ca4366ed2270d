"""Run after run of one program: what was lost in each, as data. Knows no file and no report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One mistake in one run. `owner` is a word of `OwnerKind`, `category` one of `Category` or "when not known".
    Count and bytes are with what is lost under."""

    fingerprint: str
    what: str
    caller: str
    owner: str
    category: str
    count: int
    bytes: int
    harmless: bool = False


@dataclass(frozen=True)
class Iteration:
    """One run. `at` is when it ended, in UTC; `verdict` a word of `Verdict`: without a whole look nothing was fixed."""

    at: str
    verdict: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Iterations:
    """All runs so far, the oldest first. `program` is the first word of the command."""

    program: str = ""
    runs: tuple[Iteration, ...] = ()
