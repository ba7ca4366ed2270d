"""The last word of a run: verdict, reason, findings, notes. Knows what each judgement entitles us to say.

*Leak* needs a confirmed finding. *No leak* needs enough steps and nothing that grows steadily. Everything else is
*could not tell*: a measurement that failed, too few steps, or steady growth that was not confirmed in time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from outlive.judge.assessment import HARMLESS, Assessment
from outlive.judge.controls import controls_of
from outlive.judge.findings import findings_of
from outlive.judge.growth import State
from outlive.judge.horizon import Horizon
from outlive.judge.rules import Rules
from outlive.judge.schedule import Stop
from outlive.judge.telling import rank
from outlive.judge.visible import smallest_visible
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Control, Finding, Note, Outcome, Rate, Verdict

# Below so many steps even a level run proves little: caches and pools that a hundredth step would touch are unseen.
_FEWEST_STEPS = 100
_NAMED_IN_A_NOTE = 4
_LOST_TYPE_REFERENCES = (
    "native code forgets {:.3g} references to types per step; a bug of the extension's, but nothing is kept alive by it"
)


@dataclass(frozen=True)
class Conclusion:
    """The judged part of a `CheckResult`; the session adds what it alone knows (cost, output, traceback)."""

    verdict: Verdict
    reason: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    controls: tuple[Control, ...]
    smallest_visible: dict[str, Rate]


def conclude(
    assessment: Assessment,
    series: Mapping[CounterKey, Series],
    plan: Horizon,
    stop: Stop,
    *,
    filling: Mapping[CounterKey, str] | None = None,
    own_modules: Collection[str] = (),
    rules: Rules | None = None,
) -> Conclusion:
    """`assessment` is the latest, made with the same `filling` (what grows in a bounded container → what to say)."""
    rules = rules or Rules()
    controls = controls_of(series)
    findings = findings_of(assessment, series, own_modules=own_modules)
    missed = [one for one in controls if not one.seen]
    steps = max((one.steps[-1] for one in series.values() if len(one.steps)), default=0)
    if missed:
        verdict, reason = Verdict.COULD_NOT_TELL, _blind(missed)
    elif findings:
        verdict, reason = Verdict.LEAK, "it grows at a steady rate, and went on doing so on later, disjoint steps"
    else:
        verdict, reason = _without_findings(assessment, steps, plan, stop)
    return Conclusion(
        verdict=verdict,
        reason=reason,
        outcome=Outcome.BLIND if missed else Outcome.FINISHED,
        findings=() if missed else findings,
        notes=_notes(assessment, filling or {}, steps, own_modules),
        controls=controls,
        smallest_visible=smallest_visible(series, rules) if steps >= _FEWEST_STEPS else {},
    )


def _without_findings(assessment: Assessment, steps: int, plan: Horizon, stop: Stop) -> tuple[Verdict, str]:
    if steps < min(_FEWEST_STEPS, plan.accuse_handles_at) or steps < _FEWEST_STEPS:
        return Verdict.COULD_NOT_TELL, f"only {steps:,} steps ran ({stop.reason}); at least {_FEWEST_STEPS} are needed"
    growing = (assessment.judged[key] for key in assessment.in_state(State.GROWING))
    suspects = [one for one in growing if one.steady and one.open]  # an echo of what is excused is not open
    if suspects:
        return Verdict.COULD_NOT_TELL, f"something grows steadily but was not confirmed: {stop.reason}"
    unsettled = any(one.steady and one.open for one in assessment.judged.values())
    if unsettled and stop.slug == "time" and steps < plan.accuse_at:
        return (
            Verdict.COULD_NOT_TELL,
            f"something grew, and too few steps ran to tell a warm-up from a leak: {stop.reason}",
        )
    if any(assessment.judged[key].open for key in assessment.judged):
        return Verdict.NO_LEAK, f"nothing grows at a steady rate over {steps:,} steps"
    may_grow = any(one.state in (State.LEAK, State.GROWING) for one in assessment.excused.values())
    return Verdict.NO_LEAK, f"nothing {'else ' if may_grow else ''}stays behind after {steps:,} steps"


def _blind(missed: list[Control]) -> str:
    one = missed[0]
    return f"the run was blind: the {one.name} should show {one.expected}, but {one.got}"


def _notes(
    assessment: Assessment, filling: Mapping[CounterKey, str], steps: int, own_modules: Collection[str]
) -> tuple[Note, ...]:
    notes = [
        Note("filling", text) for text in dict.fromkeys(filling[key] for key in assessment.excused if key in filling)
    ]
    growing = {key: one for key, one in assessment.excused.items() if one.state in (State.LEAK, State.GROWING)}
    lost = sum(one.rate.per_step for key, one in growing.items() if key.counter == HARMLESS)
    if lost:
        notes.append(Note("lost-type-references", _LOST_TYPE_REFERENCES.format(lost)))
    allowed = [key for key in growing if key not in filling and key.counter != HARMLESS]
    if allowed:
        notes.append(Note("allowed", f"grows, and is allowed to: {_names(allowed, own_modules)}"))
    if assessment.leaks:
        return tuple(notes)  # beside a leak, what grows along is in its finding
    still_open = [key for key in assessment.open if assessment.judged[key].rate.per_step > 0]
    if still_open:
        reasons = sorted({assessment.judged[key].reason for key in still_open})
        notes.append(
            Note(
                "growing",
                f"{_names(still_open, own_modules)}: {'; '.join(reasons[:2])}. About {4 * steps:,} steps could decide.",
            )
        )
    return tuple(notes)


def _names(keys: Collection[CounterKey], own_modules: Collection[str]) -> str:
    ordered = sorted(keys, key=lambda key: rank(key, own_modules))
    names = [f"{key.counter} {key.type}".rstrip() for key in ordered[:_NAMED_IN_A_NOTE]]
    more = len(ordered) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
