"""Figures over time: what grew steadily is told, what jumped once, fell back or only warmed up is not."""

from __future__ import annotations

from outlive.judge.drift import growth_of


def looks(*values: float, name: str = "objects") -> list[tuple[float, dict[str, float]]]:
    return [(30.0 * at, {name: value}) for at, value in enumerate(values)]


def test_a_figure_that_rises_at_every_look_is_told_with_its_ends_after_the_warm_up() -> None:
    (row,) = growth_of(looks(100, 200, 210, 220, 230, 240, 250, 260))
    assert (row.counter, row.first, row.last, row.samples, row.rising) == ("objects", 210, 260, 6, 1.0)


def test_a_figure_that_jumped_once_is_not_told() -> None:
    assert growth_of(looks(100, 100, 100, 100, 900, 900, 900, 900)) == ()


def test_a_saw_tooth_is_not_told() -> None:
    assert growth_of(looks(*[100, 160] * 8)) == ()


def test_a_warm_up_is_not_told() -> None:
    assert growth_of(looks(10, 800, 1000, 1000, 1000, 1001, 1000, 1000)) == ()


def test_growth_of_less_than_a_fiftieth_is_not_told() -> None:
    assert growth_of(looks(*[10_000 + at for at in range(12)])) == ()


def test_too_few_looks_tell_nothing() -> None:
    assert growth_of(looks(1, 2, 3)) == ()


def test_memory_is_told_in_bytes() -> None:
    (row,) = growth_of(looks(*[1000 * at for at in range(1, 12)], name="rss"))
    assert row.unit == "bytes"


def test_what_grew_most_in_shares_of_itself_comes_first() -> None:
    both = [(float(at), {"few": 1000.0 + 50 * at, "many": 10.0 + 10 * at}) for at in range(12)]
    assert [row.counter for row in growth_of(both)] == ["many", "few"]
