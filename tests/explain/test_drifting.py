"""Objects whose count rises or falls although nobody refers to them more or less: named, with how much a step."""

from __future__ import annotations

from small_heap import heap

from outlive.explain.drifting import Drift, explain_drifting
from outlive.model.explanation import Explanation

HELD = "app: module old\napp.LIMITS: tuple old extra=200"


def explained(text: str, kind: str, more: int) -> Explanation:
    small = heap(text)
    (found,) = explain_drifting(small, [Drift(small.nodes(kind)[0], more, 100)], small.context(kind="native"))
    return found


def test_object_is_named_by_who_holds_it_and_by_its_rate() -> None:
    found = explained(HELD, "tuple", 200)
    assert found.sentence.startswith("The reference count of `app.LIMITS` (the tuple) rises by 2 a step")
    assert found.path[-1].reason == "200 more references than 100 steps before, and no object refers to it more"


def test_object_that_only_native_code_holds_is_told_by_its_type() -> None:
    found = explained("x: tuple old free extra=100", "tuple", 100)
    assert found.sentence.startswith("The reference count of one tuple rises by 1 a step")
    assert found.held_by == "native code"


def test_other_holders_are_listed() -> None:
    found = explained(HELD + "\nlib: module old\nlib.cache: dict old\nlib.cache['a'] -> app.LIMITS", "tuple", 100)
    assert found.also_held_by == ("lib.cache['a']",)


def test_object_that_counts_too_few_is_a_danger() -> None:
    found = explained(HELD, "tuple", -30)
    assert found.sentence.startswith("Native code let go of `app.LIMITS` (the tuple) 30 times too often")
    assert "crash" in found.sentence


def test_rise_and_fall_are_two_mistakes() -> None:
    assert explained(HELD, "tuple", 200).fingerprint != explained(HELD, "tuple", -30).fingerprint
