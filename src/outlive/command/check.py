"""One check of a command from start to end: chooses the way, keeps the folder, puts the result together.

Knows the order of things and the clock. How the program is run, what its looks show and what they mean stand beside it.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from outlive.command.by_run import FEWEST_RUNS, RunSeen, RunsJudged, judge_runs, seen_in
from outlive.command.by_step import StepsSeen, seen_by_step
from outlive.command.gathering import Gathered, Gathering
from outlive.command.judging import StepLimit, judge_steps
from outlive.command.origins import Origins
from outlive.command.running import Cut, Ran, RunLimits, run_recorded
from outlive.command.settings import CommandSettings, Failure, failure_of
from outlive.command.unseen import executable, why_unseen
from outlive.errors import UsageError
from outlive.model.verdict import CheckResult, Control, Cost, Finding, Note, Outcome, Rate, Verdict
from outlive.trial.options import TrialOptions, memory_limit

RUN, STEPS = "{i}", "{n}"
_USUAL_RUNS = 7  # one that is left out, and six that must agree
_USUAL_STEPS = 10_000  # for {n}, where the user says no number: caches of ordinary size are full by then
_USUAL_SECONDS = 60.0
_STEP_LOOKS = 24
_EXACT = 2


def check_command(command: str, settings: CommandSettings | None = None) -> CheckResult:
    """Check a command line (no shell reads it): one step for each {i}, or a program that marks its own steps.

    Raises UsageError for what cannot be run.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"cannot read the command: {error}", hint="--cmd './prog {i}'") from None
    if not words:
        raise UsageError("the command is empty", hint="--cmd './prog {i}'")
    return _Check(command, words, settings or CommandSettings()).run()


@dataclass
class _Check:
    command: str
    words: Sequence[str]
    settings: CommandSettings
    began: float = field(default_factory=time.monotonic)
    origins: Origins = field(init=False)
    looks: int = 0
    looking_us: int = 0
    running_s: float = 0.0
    peak_bytes: int = 0

    def __post_init__(self) -> None:
        self.program = executable(self.words[0])
        self.origins = Origins(self.program)

    def run(self) -> CheckResult:
        """A command without {i} that marks no steps is a step itself, and is run again."""
        if any(RUN in word for word in self.words):
            return self._again_and_again([])
        with _folder() as folder:
            ran, processes = self._once(0, folder, steps=True)
            seen = seen_by_step(processes, ran.marks, self.origins)
            if seen.readings and (seen.marker is not None or _was_seen(ran, processes)):
                return self._by_step(ran, seen, processes)
            if seen.readings:
                return self._failed(
                    ran, failure_of(ran, self.settings, "") or self._unseen(ran), seen.readings[-1].steps
                )
            if any(STEPS in word for word in self.words):
                return self._no_steps(ran, processes)
            failure = failure_of(ran, self.settings, "in its first run")
            if failure is not None or not _was_seen(ran, processes):
                return self._failed(ran, failure or self._unseen(ran), 1)
            return self._again_and_again([seen_in(processes)])

    def _once(self, number: int, folder: Path, *, steps: bool) -> tuple[Ran, tuple[Gathered, ...]]:
        settings = self.settings
        limits = RunLimits(
            timeout_s=settings.timeout_s,
            memory_bytes=memory_limit(TrialOptions(memory_limit_bytes=settings.memory_limit_bytes)),
            most_s=(settings.time_budget_s or _USUAL_SECONDS) if steps else None,
            steps=settings.steps if steps else None,
        )
        told = str(settings.steps or _USUAL_STEPS)
        argv = [word.replace(RUN, str(number)).replace(STEPS, told) for word in self.words]
        tell = (lambda at: settings.tell(f"step {at:,}")) if steps and settings.progress is not None else None
        gathering = Gathering(folder, self.origins)
        looks = _STEP_LOOKS if steps else 0
        ran = run_recorded(argv, folder, limits, step_looks=looks, tell=tell, each_tick=gathering.take)
        gathering.take(all_ended=True)
        self.looks += gathering.looks
        self.looking_us += gathering.looking_us
        self.running_s += ran.seconds
        self.peak_bytes = max(self.peak_bytes, ran.peak_rss_bytes)
        return ran, gathering.processes

    def _again_and_again(self, runs: list[RunSeen]) -> CheckResult:
        wanted = self.settings.steps or _USUAL_RUNS
        while len(runs) < wanted:
            number = len(runs)
            if self._is_late() and number >= FEWEST_RUNS:
                break
            self.settings.tell(f"run {number + 1} of {wanted}")
            with _folder() as folder:
                ran, processes = self._once(number, folder, steps=False)
                failure = failure_of(ran, self.settings, f"in run {number}")
                if failure is not None or not _was_seen(ran, processes):
                    return self._failed(ran, failure or self._unseen(ran), number + 1)
                runs.append(seen_in(processes))
        return self._of_runs(runs)

    def _is_late(self) -> bool:
        budget = self.settings.time_budget_s
        return budget is not None and time.monotonic() - self.began > budget

    def _of_runs(self, runs: Sequence[RunSeen]) -> CheckResult:
        if len(runs) < FEWEST_RUNS:
            why = f"only {len(runs)} runs; {FEWEST_RUNS} are needed: one is left out, and two must agree"
            judged = RunsJudged(Verdict.COULD_NOT_TELL, why)
        else:
            judged = judge_runs(runs[1:], self.origins, self.settings.allow)
        blocks = sum(one.blocks for one in runs)
        got = f"all of {len(runs)} runs, {blocks:,} blocks in {sum(one.processes for one in runs):,} processes"
        controls = (_self_check("every run seen to its end", got, True),)
        return self._result(
            judged.verdict, judged.reason, Outcome.FINISHED, len(runs), judged.findings, judged.notes, controls
        )

    def _by_step(self, ran: Ran, seen: StepsSeen, processes: Sequence[Gathered]) -> CheckResult:
        settings, run = self.settings, seen.readings[-1].steps
        judged = judge_steps(seen, self.origins, self._plan_for(ran), seconds=ran.seconds, allow=settings.allow)
        notes, outcome, verdict, reason = list(judged.notes), Outcome.FINISHED, judged.verdict, judged.reason
        failure = failure_of(ran, settings, f"after step {seen.last_step:,}")
        if failure is not None and verdict is Verdict.LEAK:
            notes.append(Note("ended-badly", failure.reason))
            outcome = failure.outcome
        elif failure is not None:
            verdict, reason, outcome = Verdict.COULD_NOT_TELL, failure.reason, failure.outcome
        last = seen.marker.looks[-1] if seen.marker is not None else None
        exact = last is None or (last.facts["mode"] == _EXACT and last.facts["tick"] > 0)
        control = _self_check("each block recorded, at each mark", _seen_words(seen, processes), exact)
        if not exact and verdict is not Verdict.LEAK:
            verdict, outcome, reason = Verdict.COULD_NOT_TELL, Outcome.BLIND, "the recorder saw no block"
        if last is not None:
            notes += [Note("not-seen", doubt) for doubt in last.open().seen.doubts]
        if ran.cut in (Cut.TIME, Cut.ENOUGH):
            notes.append(Note("ended-by-us", f"the program was ended after step {seen.last_step:,}: {ran.cut.value}"))
        output = ran.output_tail
        run = max(run, seen.last_step)
        return self._result(
            verdict, reason, outcome, run, judged.findings, notes, (control,), judged.smallest_visible, output
        )

    def _plan_for(self, ran: Ran) -> StepLimit:
        told = self.settings.steps or (_USUAL_STEPS if any(STEPS in word for word in self.words) else None)
        return StepLimit(told, out_of_time=ran.cut is Cut.TIME)

    def _no_steps(self, ran: Ran, processes: Sequence[Gathered]) -> CheckResult:
        failure = failure_of(ran, self.settings, "before it marked two steps")
        if failure is None and _was_seen(ran, processes):
            failure = Failure(Outcome.BLIND, "the program marked no steps: OUTLIVE_STEP(i) of outlive.h marks one")
        return self._failed(ran, failure or self._unseen(ran), 0)

    def _unseen(self, ran: Ran) -> Failure:
        program = self.program
        return Failure(Outcome.BLIND, f"the recorder saw nothing of the program: {why_unseen(program)}")

    def _failed(self, ran: Ran, failure: Failure, steps: int) -> CheckResult:
        seen = failure.outcome is not Outcome.BLIND
        controls = () if seen else (_self_check("the program seen", "nothing was seen", False),)
        return self._result(
            Verdict.COULD_NOT_TELL, failure.reason, failure.outcome, steps, controls=controls, output=ran.output_tail
        )

    def _result(
        self,
        verdict: Verdict,
        reason: str,
        outcome: Outcome,
        steps: int,
        findings: Sequence[Finding] = (),
        notes: Sequence[Note] = (),
        controls: Sequence[Control] = (),
        smallest: Mapping[str, Rate] | None = None,
        output: str = "",
    ) -> CheckResult:
        return CheckResult(
            scenario=self.command,
            verdict=verdict,
            reason=reason,
            outcome=outcome,
            findings=tuple(findings),
            notes=tuple(notes),
            controls=tuple(controls),
            smallest_visible=dict(smallest or {}),
            cost=Cost(
                wall_seconds=time.monotonic() - self.began,
                steps=steps,
                samples=self.looks,
                sampling_seconds=self.looking_us / 1e6,
                step_seconds=self.running_s,
                peak_rss_bytes=self.peak_bytes,
            ),
            traceback=output if verdict is Verdict.COULD_NOT_TELL and outcome is not Outcome.FINISHED else "",
            output_tail=output,
            is_command=True,
        )


def _was_seen(ran: Ran, processes: Sequence[Gathered]) -> bool:
    """Whether the command's own process was recorded to its end; that its children were is not enough."""
    return any(one.pid == ran.pid and one.ended is not None for one in processes)


def _self_check(expected: str, got: str, seen: bool) -> Control:
    """Nothing is planted in a program that is not ours; that the recorder saw it is what can be checked."""
    return Control("recorder", "self-check", expected, got, seen)


def _seen_words(seen: StepsSeen, processes: Sequence[Gathered]) -> str:
    if seen.marker is None:
        return f"{len(processes):,} processes to their ends; of the one that marks the steps, its marks alone"
    facts = seen.marker.looks[-1].facts
    return f"{facts['tick']:,} blocks in {len(seen.readings) + 1:,} looks, {seen.others:,} other processes"


@contextmanager
def _folder() -> Iterator[Path]:
    """For the looks of one run; its programs' own files are not in it."""
    folder = Path(tempfile.mkdtemp(prefix="outlive-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
