"""Verdict, reason and notes from what was judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outlive.judge import LEAKED, Conclusion, Horizon, Stop, assess, conclude
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Verdict

STEPS = tuple(range(500, 40_001, 500))
CACHE = CounterKey("objects", "app.Entry")
PLAN = Horizon()


def concluded(
    grown: Mapping[CounterKey, Callable[[int], int]],
    *,
    steps: tuple[int, ...] = STEPS,
    plan: Horizon = PLAN,
    filling: Mapping[CounterKey, str] | None = None,
    allow: tuple[str, ...] = (),
) -> Conclusion:
    series = {key: Series(key, steps, tuple(value(step) for step in steps)) for key, value in grown.items()}
    series[LEAKED] = Series(LEAKED, steps, tuple(range(1, len(steps) + 1)))
    found = assess(series, plan, allow=allow, filling=filling or ())
    return conclude(found, series, plan, Stop("time", "the time budget is used up"), filling=filling)


def test_a_level_run_is_no_leak_and_says_how_small_a_leak_it_would_have_seen() -> None:
    conclusion = concluded({CACHE: lambda step: 7})

    assert conclusion.verdict is Verdict.NO_LEAK
    assert 0 < conclusion.smallest_visible["objects"].per_step < 0.01


def test_a_confirmed_leak_is_a_leak() -> None:
    conclusion = concluded({CACHE: lambda step: step})

    assert conclusion.verdict is Verdict.LEAK
    assert conclusion.findings[0].type == "app.Entry"
    assert conclusion.notes == ()


def test_what_fills_a_bounded_container_is_a_note_and_no_leak() -> None:
    conclusion = concluded({CACHE: lambda step: step}, filling={CACHE: "lru_cache holds 40,000 of 65,536"})

    assert conclusion.verdict is Verdict.NO_LEAK
    assert [(note.slug, note.text) for note in conclusion.notes] == [("filling", "lru_cache holds 40,000 of 65,536")]


def test_what_is_allowed_to_grow_is_a_note_and_no_leak() -> None:
    conclusion = concluded({CACHE: lambda step: step}, allow=("app.Entry",))

    assert conclusion.verdict is Verdict.NO_LEAK
    assert [note.slug for note in conclusion.notes] == ["allowed"]


def test_steady_growth_that_was_not_confirmed_could_not_be_told() -> None:
    conclusion = concluded({CACHE: lambda step: step}, plan=Horizon(accuse_at=100_000, acquit_at=100_000))

    assert conclusion.verdict is Verdict.COULD_NOT_TELL
    assert "time budget" in conclusion.reason
    assert [note.slug for note in conclusion.notes] == ["growing"]


def test_growth_that_fades_could_not_be_told_before_the_steps_that_an_accusation_needs() -> None:
    fading = {CACHE: lambda step: int(50 * step**0.5)}
    early = concluded(fading, plan=Horizon(accuse_at=100_000, acquit_at=100_000))

    assert (early.verdict, concluded(fading).verdict) == (Verdict.COULD_NOT_TELL, Verdict.NO_LEAK)


def test_a_handful_of_steps_could_not_tell_even_when_level() -> None:
    conclusion = concluded({CACHE: lambda step: 7}, steps=tuple(range(1, 20)))

    assert conclusion.verdict is Verdict.COULD_NOT_TELL
    assert conclusion.smallest_visible == {}


def test_a_leak_planted_at_the_smallest_visible_rate_is_found() -> None:
    visible = concluded({CACHE: lambda step: 7}).smallest_visible["objects"].per_step
    every = int(1 / visible)

    assert concluded({CACHE: lambda step: step // every}).verdict is Verdict.LEAK
