"""One check from start to end: wires trial, judge and result together, and decides nothing that they decide.

Knows the order of things and the clock. How steps are run and counted is the trial's, what the counts mean the
judge's, how it is said the reports'.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from outlive.contracts import rows
from outlive.explain.lasting import is_leak
from outlive.explain.mine import is_of, only_mine
from outlive.in_force import contracts_for
from outlive.inquiry import Inquiry
from outlive.judge import Assessment, Budget, Horizon, Progress, State, Stop, assess, conclude, horizon, next_move
from outlive.judge.filling import filling_of
from outlive.judge.findings import with_series
from outlive.model.contracts import Contracts
from outlive.model.leftovers import Leftover
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import CheckResult, Cost, Note, Outcome, Verdict
from outlive.trial.readings import Readings
from outlive.trial.supervisor import Ended, Reading, Trial, TrialOptions

# Marks for telling which containers grow: the first after so many steps, others each time the steps are fourfold.
_FIRST_MARK = 16
_MARK_AGAIN = 4
# Snapshots on the way may take this share of the time: a large heap is then looked at less often.
_REMEMBERING = 0.05


# Without a time budget from the user: so long, and so long where something grows steadily that is not yet confirmed.
_USUAL_SECONDS = 20.0
_DOUBTFUL_SECONDS = 60.0


@dataclass(frozen=True)
class CheckSettings:
    """How long to look and how much to bear. `progress` is called with one line of text now and then.

    `time_budget_s` None: 20 s, and up to 60 s while something grows steadily and only time is missing to confirm it.
    `sites` stamps each object with the line that made it. `mine` are packages: with any, a finding that none of them
    holds or made is a note. `contracts` is a file of contracts (None: `outlive.toml` in the scenario's folder or one
    above it); `use_contracts` False: neither these nor the built-in ones, only what the code itself declares.
    `native`: run some steps once more with each native block recorded, and look which are lost; None: where that is
    possible and quick.
    """

    steps: int | None = None
    time_budget_s: float | None = None
    timeout_s: float = 60.0
    memory_limit_bytes: int | None = None
    allow: tuple[str, ...] = ()
    sites: bool = True
    mine: tuple[str, ...] = ()
    contracts: Path | None = None
    use_contracts: bool = True
    native: bool | None = None
    progress: Callable[[str], None] | None = None


def check(target: str, settings: CheckSettings | None = None) -> CheckResult:
    """Run a scenario (a file, or "module:function") in a fresh process and say whether it leaks.

    >>> check("examples/steady.py").verdict.value  # doctest: +SKIP
    'no leak'
    """
    settings = settings or CheckSettings()
    contracts = contracts_for(target, settings.contracts) if settings.use_contracts else Contracts()
    options = TrialOptions(
        timeout_s=settings.timeout_s,
        memory_limit_bytes=settings.memory_limit_bytes,
        sites=settings.sites,
        contracts=rows(contracts),
    )
    with Trial(target, options) as trial:
        result = run_check(trial, settings, scenario=target, contracts=contracts)
    if settings.native is False:
        return result
    from outlive.native_inquiry import Wanted, look_at_native_memory  # most of its rooms are nobody else's

    wanted = Wanted(settings.native is True, settings.allow, settings.mine, settings.steps)
    return look_at_native_memory(result, target, options, wanted, start_seconds=trial.start_seconds)


def run_check(
    trial: Trial, settings: CheckSettings, *, scenario: str, contracts: Contracts | None = None
) -> CheckResult:
    """Check what `trial` runs. The trial is started and finished here; closing it is the caller's.

    `contracts` are those that the trial was started with; None: it watches no lifetimes.
    """
    return _Check(trial, settings, scenario, contracts).run()


@dataclass
class _Check:
    """The state of one check between two samples."""

    trial: Trial
    settings: CheckSettings
    scenario: str
    contracts: Contracts | None = None
    began: float = field(default_factory=time.monotonic)
    readings: Readings = field(default_factory=Readings)
    step_seconds: float = 0.0
    sampling_seconds: float = 0.0
    peak_rss_bytes: int = 0
    progress: Progress = field(default_factory=Progress)
    marks: list[int] = field(default_factory=list)
    filling: dict[CounterKey, str] = field(default_factory=dict)
    analysed_at: int = 0

    def __post_init__(self) -> None:
        self.inquiry = Inquiry(self.trial, sites=self.settings.sites, contracts=self.contracts)

    def run(self) -> CheckResult:
        budget = Budget(steps=self.settings.steps, seconds=self.settings.time_budget_s or _USUAL_SECONDS)
        ended = self.trial.start()
        while ended is None:
            series = self.readings.series()
            plan = horizon(budget, self.progress, series.values())
            found, ended = self._assess(series, plan)
            if ended is not None:
                break
            move = next_move(budget, self.progress, plan, found)
            if isinstance(move, Stop):
                if self._is_worth_more_time(move, budget, found):
                    budget = replace(budget, seconds=_DOUBTFUL_SECONDS)
                    continue
                found = self._last_look(series, plan, found)
                ended = self._look_back(series, plan, found, move)
                return self._conclude(series, plan, found, move, ended or self.trial.finish())
            self._tell(found)
            if found.in_state(State.LEAK, State.GROWING):
                ended = self.inquiry.look_closer()
            ended = ended or self._advance(move.steps)
        return self._broken_off(budget, ended)

    def _advance(self, steps: int) -> Ended | None:
        answer = self.trial.advance(steps)
        if isinstance(answer, Ended):
            return answer
        self._take_in(answer)
        if answer.steps >= _FIRST_MARK and answer.steps >= _MARK_AGAIN * (self.marks[-1] if self.marks else 0):
            return self._mark(answer.steps)
        return None

    def _take_in(self, reading: Reading) -> None:
        steps_before = self.progress.steps
        self.readings.add(reading)
        self.step_seconds += reading.step_seconds
        self.sampling_seconds += reading.sampling_seconds
        self.peak_rss_bytes = max(self.peak_rss_bytes, reading.rss_bytes)
        self.progress = Progress(
            steps=reading.steps,
            samples=self.progress.samples + 1,
            elapsed_seconds=time.monotonic() - self.began,
            seconds_per_step=reading.step_seconds / max(1, reading.steps - steps_before),
            seconds_per_sample=reading.sampling_seconds,
        )

    def _mark(self, steps: int) -> Ended | None:
        answer = self.trial.ask("mark", {})
        if isinstance(answer, Ended):
            return answer
        self.marks.append(steps)
        elapsed = time.monotonic() - self.began
        return self.inquiry.remember(steps) if self.inquiry.seconds <= _REMEMBERING * elapsed else None

    def _assess(self, series: Mapping[CounterKey, Series], plan: Horizon) -> tuple[Assessment, Ended | None]:
        """Judge; and before anything is called a leak, ask whether it is a container that fills."""
        found = assess(series, plan, allow=self.settings.allow, filling=self.filling)
        if not found.leaks or not self.marks or self.analysed_at == self.progress.steps:
            return found, None
        ended = self._look_for_filling(series, found)
        return assess(series, plan, allow=self.settings.allow, filling=self.filling), ended

    def _last_look(self, series: Mapping[CounterKey, Series], plan: Horizon, found: Assessment) -> Assessment:
        """What still grows at the end of the time may be a container that fills: then it is no open question."""
        if not found.in_state(State.GROWING) or not self.marks or self.analysed_at == self.progress.steps:
            return found
        self._look_for_filling(series, found)
        return assess(series, plan, allow=self.settings.allow, filling=self.filling)

    def _look_back(
        self, series: Mapping[CounterKey, Series], plan: Horizon, found: Assessment, stop: Stop
    ) -> Ended | None:
        """What is kept, then what is opened, while the scenario is still loaded; the verdict stands already."""
        ended = self.inquiry.look_back(self.progress.steps, growing=bool(found.leaks))
        if ended is not None or not found.leaks:
            return ended
        findings = conclude(found, series, plan, stop, own_modules=self.trial.own_modules).findings
        most = None if self.settings.steps is None else self.settings.steps - self.progress.steps
        return self.inquiry.watch_more_steps(findings, self.progress.steps, most)

    def _is_worth_more_time(self, move: Stop, budget: Budget, found: Assessment) -> bool:
        """Slow steps: steady growth deserves the steps that would confirm it, unless the user set a limit."""
        may = self.settings.time_budget_s is None and move.slug == "time" and budget.seconds < _DOUBTFUL_SECONDS
        return may and any(found.judged[key].steady for key in found.in_state(State.GROWING))

    def _look_for_filling(self, series: Mapping[CounterKey, Series], found: Assessment) -> Ended | None:
        growing = found.in_state(State.LEAK, State.GROWING)
        answer = self.trial.ask("bounds", {"types": sorted({key.type for key in growing if key.type})})
        if isinstance(answer, Ended):
            return answer
        self.analysed_at = self.progress.steps
        since = self.marks[-2] if len(self.marks) > 1 else self.marks[-1]
        self.filling = filling_of(answer, series, growing, since)
        return None

    def _tell(self, found: Assessment) -> None:
        if self.settings.progress is None:
            return
        growing = len({key.type or key.counter for key in found.in_state(State.LEAK, State.GROWING)})
        self.settings.progress(
            f"{self.progress.steps:,} steps, {self.progress.samples} samples, "
            f"{time.monotonic() - self.began:.0f} s" + (f", {growing} growing" if growing else "")
        )

    def _conclude(
        self, series: Mapping[CounterKey, Series], plan: Horizon, found: Assessment, stop: Stop, ended: Ended
    ) -> CheckResult:
        conclusion = conclude(found, series, plan, stop, filling=self.filling, own_modules=self.trial.own_modules)
        notes = conclusion.notes
        findings, trouble = self.inquiry.explain(conclusion.findings, frozenset(self.trial.own_modules))
        if trouble:
            notes += (Note("not-explained", trouble),)
        findings, leftovers = self.inquiry.with_lives(findings, frozenset(self.trial.own_modules), self.progress.steps)
        verdict, reason, findings, not_mine = only_mine(conclusion, findings, self.settings.mine, self.inquiry.packages)
        leftovers = self._mine_of(leftovers)
        if conclusion.outcome is Outcome.FINISHED:
            verdict, reason = _with_leftovers(verdict, reason, leftovers)
        notes += (*not_mine, *self.inquiry.notes)
        if ended.outcome is not Outcome.FINISHED:
            notes += (Note("ended-badly", ended.reason),)
        return CheckResult(
            scenario=self.scenario,
            verdict=verdict,
            reason=reason,
            outcome=conclusion.outcome if ended.outcome is Outcome.FINISHED else ended.outcome,
            findings=tuple(with_series(finding, series) for finding in findings),
            notes=notes,
            controls=conclusion.controls,
            smallest_visible=conclusion.smallest_visible,
            cost=self._cost(),
            python=platform.python_version(),
            traceback=ended.traceback,
            output_tail=ended.output_tail,
            leftovers=leftovers,
        )

    def _mine_of(self, leftovers: tuple[Leftover, ...]) -> tuple[Leftover, ...]:
        """With `--mine`, what other packages left and keep is harmless here."""
        names, packages = self.settings.mine, self.inquiry.packages
        return tuple(
            one if not names or is_of(one.explanation, names, packages) else replace(one, harmless=True)
            for one in leftovers
        )

    def _broken_off(self, budget: Budget, ended: Ended) -> CheckResult:
        """The scenario's process ended by itself: what was seen until then may still be enough for a leak."""
        series = self.readings.series()
        plan = horizon(budget, self.progress, series.values())
        found = assess(series, plan, allow=self.settings.allow, filling=self.filling)
        if found.leaks:
            return self._conclude(series, plan, found, Stop("ended", ended.reason), ended)
        return CheckResult(
            scenario=self.scenario,
            verdict=Verdict.COULD_NOT_TELL,
            reason=ended.reason,
            outcome=ended.outcome,
            notes=tuple(_growth_until_the_end(found)),
            cost=self._cost(),
            python=platform.python_version(),
            traceback=ended.traceback,
            output_tail=ended.output_tail,
        )

    def _cost(self) -> Cost:
        return Cost(
            wall_seconds=time.monotonic() - self.began,
            steps=self.progress.steps,
            samples=self.progress.samples,
            sampling_seconds=self.sampling_seconds,
            step_seconds=self.step_seconds,
            peak_rss_bytes=self.peak_rss_bytes,
            explaining_seconds=self.inquiry.seconds,
        )


def _with_leftovers(verdict: Verdict, reason: str, leftovers: Sequence[Leftover]) -> tuple[Verdict, str]:
    """A declared end that was outlived, or a proof that something never wakes, is a leak without any growth."""
    leaks = [one for one in leftovers if is_leak(one)]
    if not leaks or verdict is Verdict.LEAK:
        return verdict, reason
    first = leaks[0].sentence.rstrip(".")
    many = f"{len(leaks)} mistakes; first, {first[:1].lower()}{first[1:]}" if len(leaks) > 1 else first
    return Verdict.LEAK, many


def _growth_until_the_end(found: Assessment) -> list[Note]:
    """What was growing when the process ended: too little for a verdict, enough for a hint."""
    growing = sorted(
        ((one.rate.per_step, key) for key, one in found.judged.items() if one.open and one.rate.per_step > 0),
        key=lambda row: -row[0],
    )
    rows = [f"{key.counter} {key.type}".rstrip() + f" by {rate:,.4g} per step" for rate, key in growing[:4]]
    return [Note("growing", "until then these grew: " + "; ".join(rows))] if rows else []
