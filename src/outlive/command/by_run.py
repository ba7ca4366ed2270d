"""A command that is one step, run again and again: what it loses in every run.

Theory of operation. What a process leaves to the system when it ends does not add up over processes: growth is no sign
here. A *loss* is: at the end of the run a block is alive to which no pointer is left, so that nobody can free it.
One such look is proof for one run; that the same function loses in every run is proof that it is what the command does.
The first run is left out: it may find empty caches and make files that later runs find.

What the loader, or a library before main, loses once in each process is the system's way, told in a note. What is lost
in some runs only is told, and no verdict: the step's number, or chance, decides it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from outlive.command.gathering import Gathered
from outlive.command.looked import Tallies, add
from outlive.command.origins import Origins
from outlive.command.telling import LOST, LOST_BYTES, lost_finding, names_of
from outlive.judge.assessment import is_allowed
from outlive.judge.evidence import sign_e_value
from outlive.judge.rates import student_975
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Evidence, Finding, Note, Rate, Verdict

FEWEST_RUNS = 3
"""One that is left out, and two that must agree."""
_NAMED_IN_A_NOTE = 4


@dataclass
class RunSeen:
    """What one run lost, by the number of the origin. `unsure`: so few that registers of a thread may hold them."""

    lost: Tallies
    unsure: set[int] = field(default_factory=set)
    processes: int = 0
    blocks: int = 0
    doubts: tuple[str, ...] = ()


def seen_in(processes: Sequence[Gathered]) -> RunSeen:
    """All processes of a run that came to their end, together."""
    seen = RunSeen({})
    doubts: list[str] = []
    for end in (one.ended for one in processes if one.ended is not None):
        seen.processes += 1
        seen.blocks += end.blocks
        seen.unsure |= end.unsure
        doubts += end.doubts
        for number, tally in end.lost.items():
            add(seen.lost, number, tally)
    seen.doubts = tuple(dict.fromkeys(doubts))
    return seen


@dataclass(frozen=True)
class RunsJudged:
    """The verdict over all measured runs."""

    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()


def judge_runs(runs: Sequence[RunSeen], origins: Origins, allow: Sequence[str] = ()) -> RunsJudged:
    """`runs` are those that count, in order; the first of all is not among them."""
    names = names_of(origins.all)
    always, sometimes, unsure, system, allowed = [], [], [], [], []
    for number in sorted({number for run in runs for number in run.lost}):
        in_runs = sum(number in run.lost for run in runs)
        if is_allowed(CounterKey(LOST, names[number]), allow) or is_allowed(
            CounterKey(LOST, origins.all[number].name), allow
        ):
            allowed.append(number)
        elif not origins.all[number].in_program:
            system.append(number)
        elif in_runs < len(runs):
            sometimes.append(number)
        elif any(number in run.unsure for run in runs):
            unsure.append(number)
        else:
            always.append(number)
    notes = _notes(runs, names, sometimes, unsure, system, allowed)
    findings = tuple(_finding(runs, origins, number, names[number]) for number in always)
    findings = tuple(sorted(findings, key=lambda one: -one.bytes.per_step))
    verdict, reason = _verdict(runs, findings, bool(sometimes), bool(unsure))
    return RunsJudged(verdict, reason, findings, notes)


def _verdict(
    runs: Sequence[RunSeen], findings: Sequence[Finding], comes_and_goes: bool, unsure: bool
) -> tuple[Verdict, str]:
    if findings:
        return Verdict.LEAK, f"it is lost in each of {len(runs)} runs; the first run is left out"
    if comes_and_goes:
        return Verdict.COULD_NOT_TELL, "something is lost in some runs and not in others"
    if unsure:
        reason = "a few blocks are lost in each run, and registers of threads that still ran might hold them"
        return Verdict.COULD_NOT_TELL, reason
    return Verdict.NO_LEAK, f"nothing is lost in any of {len(runs)} runs; the first run is left out"


def _finding(runs: Sequence[RunSeen], origins: Origins, number: int, name: str) -> Finding:
    tallies = [run.lost[number] for run in runs]
    evidence = (
        _evidence(LOST, name, "", [one.count for one in tallies]),
        _evidence(LOST_BYTES, name, "bytes", [one.bytes for one in tallies]),
    )
    found = lost_finding(origins.all[number], evidence)
    series = tuple(
        _series(one, [getattr(tally, of) for tally in tallies]) for one, of in zip(evidence, ("count", "bytes"))
    )
    return replace(found, series=series)


def _evidence(counter: str, name: str, unit: str, values: Sequence[int]) -> Evidence:
    """Over runs that share nothing, each a reading of its own."""
    runs = len(values)
    return Evidence(counter, name, rate_over_runs(values), runs, 0, sum(values), runs, 0, sign_e_value(runs, 0), unit)


def _series(evidence: Evidence, values: Sequence[int]) -> Series:
    """Added up over the runs."""
    sums = [sum(values[: at + 1]) for at in range(len(values))]
    key = CounterKey(evidence.counter, evidence.type, evidence.unit)
    return Series(key, tuple(range(len(values) + 1)), (0, *sums))


def rate_over_runs(values: Sequence[int]) -> Rate:
    """The mean per run, and Student's interval of it: no width where all runs are alike."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return Rate(mean, -math.inf, math.inf)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    reach = student_975(len(values) - 1) * spread
    return Rate(mean, mean - reach, mean + reach)


def _notes(
    runs: Sequence[RunSeen],
    names: Sequence[str],
    sometimes: Sequence[int],
    unsure: Sequence[int],
    system: Sequence[int],
    allowed: Sequence[int],
) -> tuple[Note, ...]:
    notes = []
    if sometimes:
        often = [f"{names[at]} in {sum(at in run.lost for run in runs)} of {len(runs)} runs" for at in sometimes]
        notes.append(Note("comes-and-goes", f"lost in some runs only: {_some(often)}"))
    if unsure:
        notes.append(Note("not-certain", f"lost, or held in a register only: {_some([names[at] for at in unsure])}"))
    if system:
        text = "lost by libraries on their own account, once in each process: "
        notes.append(Note("system", text + _some([names[at] for at in system])))
    if allowed:
        notes.append(Note("allowed", f"lost, and is allowed to be: {_some([names[at] for at in allowed])}"))
    doubts = dict.fromkeys(doubt for run in runs for doubt in run.doubts)
    notes += [Note("not-seen", doubt) for doubt in doubts]
    return tuple(notes)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_A_NOTE])
    more = len(names) - _NAMED_IN_A_NOTE
    return f"{shown} and {more} more" if more > 0 else shown
