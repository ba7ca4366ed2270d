"""Amounts as people read them."""

from __future__ import annotations

import math

import pytest

from outlive.model.verdict import Rate
from outlive.reports.amounts import byte_size, counted, how_often, interval, number, power, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1.0, "1"), (0.2, "0.2"), (0.123456, "0.123"), (12.54, "12.5"), (1204.4, "1,204"), (99.95, "100"),
     (0.00012, "0.00012"), (0.00001, "1.0e-05"), (-2.5, "-2.5"), (math.nan, "unknown"), (math.inf, "unknown")],
)  # fmt: skip
def test_number_keeps_three_figures(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (48, "48 B"), (1023, "1,023 B"), (1536, "1.5 KB"), (5 << 20, "5 MB"), (-2048, "-2 KB")],
)
def test_bytes_read_in_the_unit_that_fits(value: float, text: str) -> None:
    assert byte_size(value) == text


@pytest.mark.parametrize(
    ("per_step", "text"),
    [(1.0, ""), (0.0, ""), (-0.2, ""), (0.5, "about every 2nd step"), (0.2, "about every 5th step"),
     (1 / 11, "about every 11th step"), (1 / 21, "about every 21st step"), (0.001, "about every 1,000th step")],
)  # fmt: skip
def test_rate_below_one_reads_as_every_nth_step(per_step: float, text: str) -> None:
    assert how_often(per_step) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0124, "12 ms"), (4.12, "4.1 s"), (0.9999, "1.0 s"), (200, "3 min 20 s")]
)
def test_durations_read_in_the_unit_that_fits(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(340.2, "340"), (3.2e9, "3e9"), (1e120, "1e120"), (math.inf, "huge")])
def test_huge_evidence_is_told_by_its_size(value: float, text: str) -> None:
    assert power(value) == text


def test_interval_shows_both_ends_in_the_unit() -> None:
    assert interval(Rate(1500, 1024, 2048), "bytes") == "1 KB – 2 KB"


def test_one_has_no_plural() -> None:
    assert (counted(1, "step"), counted(2, "step"), counted(1200, "step")) == ("1 step", "2 steps", "1,200 steps")
