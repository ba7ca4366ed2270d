"""What changed from run to run: what a fix removed, what it exposed, what is left, in computed figures.

A mistake is the same over runs if its fingerprint is: made of functions, not of lines and addresses. A run whose
verdict is "could not tell" has fixed nothing: what it does not show is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath

from outlive.model.explanation import OwnerKind
from outlive.model.iterations import Cause, Iteration, Iterations
from outlive.model.native_end import NativeReport
from outlive.model.verdict import Verdict


@dataclass(frozen=True)
class Row:
    """One mistake over all runs: its figures in each (None: not lost there), and what the last run did to it.

    `change` is "fixed", "new", "back", "less", "more", "same", "gone before" or "not known".
    """

    cause: Cause
    counts: tuple[int | None, ...]
    bytes: tuple[int | None, ...]
    change: str


@dataclass(frozen=True)
class Sum:
    """Of one run. `change` and `improvement` are shares of the first run's and the last run's bytes; None: no such."""

    count: int
    bytes: int
    application_bytes: int
    system_bytes: int
    improvement: float | None = None


def with_run(history: Iterations, report: NativeReport, *, at: str) -> Iterations:
    """With one run more."""
    causes = tuple(
        Cause(
            one.fingerprint,
            one.what,
            one.caller,
            one.owner.kind.value,
            one.category.value if one.when_known else "when not known",
            one.count + one.under_count,
            one.bytes + one.under_bytes,
            one.harmless,
        )
        for one in report.losses
    )
    run = Iteration(at, report.verdict.value, causes)
    program = history.program or (PurePath(report.command[0]).name if report.command else "")
    return replace(history, program=program, runs=(*history.runs, run))


def rows(history: Iterations) -> tuple[Row, ...]:
    """All mistakes that any run showed: those that are left first, the most bytes first."""
    known: dict[str, Cause] = {cause.fingerprint: cause for run in history.runs for cause in run.causes}
    found = [_row(cause, history.runs) for cause in known.values()]
    gone = ("fixed", "gone before")
    return tuple(sorted(found, key=lambda row: (row.change in gone, -max(size or 0 for size in row.bytes))))


def sums(history: Iterations) -> tuple[Sum, ...]:
    """Of each run; improvement is against the first one, 1.0 for all of it."""
    found: list[Sum] = []
    for run in history.runs:
        total = _bytes(run.causes)
        own = _bytes(one for one in run.causes if one.owner == OwnerKind.YOURS.value)
        first = found[0].bytes if found else 0
        better = 1 - total / first if found and first and _is_whole(run) else None
        found.append(Sum(sum(one.count for one in run.causes), total, own, total - own, better))
    return tuple(found)


def _row(cause: Cause, runs: tuple[Iteration, ...]) -> Row:
    seen = [{one.fingerprint: one for one in run.causes}.get(cause.fingerprint) for run in runs]
    counts = tuple(one.count if one else None for one in seen)
    sizes = tuple(one.bytes if one else None for one in seen)
    return Row(cause, counts, sizes, _change(sizes, runs))


def _change(sizes: tuple[int | None, ...], runs: tuple[Iteration, ...]) -> str:
    now, before = sizes[-1], sizes[-2] if len(sizes) > 1 else None
    if now is None:
        if not _is_whole(runs[-1]):
            return "not known"
        return "fixed" if before is not None or not _is_whole(runs[-2]) else "gone before"
    if before is not None:
        return "same" if now == before else "less" if now < before else "more"
    if any(size is not None for size in sizes[:-1]):
        return "back"
    return "new" if len(sizes) > 1 else ""


def _is_whole(run: Iteration) -> bool:
    return run.verdict != Verdict.COULD_NOT_TELL.value


def _bytes(causes: Iterable[Cause]) -> int:
    return sum(one.bytes for one in causes)
