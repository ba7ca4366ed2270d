"""Successive runs: what a fix removed, what it exposed, and figures that are computed."""

from __future__ import annotations

from outlive.explain.native.iterations import rows, sums
from outlive.model.iterations import Cause, Iteration, Iterations


def cause(name: str, size: int, owner: str = "yours") -> Cause:
    return Cause(name, name, "", owner, "runtime", 1, size)


def runs(*lists: list[Cause], verdicts: tuple[str, ...] = ()) -> Iterations:
    words = verdicts or ("leak",) * len(lists)
    return Iterations(
        "app", tuple(Iteration(f"run {at}", word, tuple(row)) for at, (row, word) in enumerate(zip(lists, words)))
    )


def changes(history: Iterations) -> dict[str, str]:
    return {row.cause.what: row.change for row in rows(history)}


def test_each_change_of_the_last_run_is_named():
    first = [cause("a", 10), cause("b", 10), cause("c", 10), cause("d", 10)]
    second = [cause("b", 10), cause("c", 5), cause("d", 20), cause("e", 1)]
    assert changes(runs(first, second)) == {"a": "fixed", "b": "same", "c": "less", "d": "more", "e": "new"}


def test_what_was_fixed_before_is_told_from_what_was_fixed_now_and_may_come_back():
    assert changes(runs([cause("a", 1)], [], [])) == {"a": "gone before"}
    assert changes(runs([cause("a", 1)], [], [cause("a", 1)])) == {"a": "back"}


def test_a_run_that_could_not_tell_has_fixed_nothing():
    history = runs([cause("a", 1)], [], verdicts=("leak", "could not tell"))
    assert changes(history) == {"a": "not known"}
    assert sums(history)[1].improvement is None


def test_a_fix_is_seen_after_a_run_that_could_not_tell():
    history = runs([cause("a", 1)], [], [], verdicts=("leak", "could not tell", "no leak"))
    assert changes(history) == {"a": "fixed"}


def test_totals_and_improvement_are_computed_against_the_first_run():
    history = runs([cause("a", 80), cause("lib", 20, "system")], [cause("lib", 20, "system")])
    first, second = sums(history)
    assert (first.bytes, first.application_bytes, first.system_bytes, first.improvement) == (100, 80, 20, None)
    assert (second.bytes, second.application_bytes, second.improvement) == (20, 0, 0.8)
