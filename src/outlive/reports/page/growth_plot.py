"""One counter over the steps, as a drawing: its readings, the floors that were judged, and the rate with its interval.

The wedge is what the rate and the ends of its 95 % interval say from the first judged floor on. Readings before it are
warm-up and judged nothing. Cut as the judge cuts (`judge.floors`), so that what is drawn is what was judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from outlive.judge.floors import Floors, block_floors
from outlive.judge.rules import Rules
from outlive.model.series import Series
from outlive.model.verdict import Evidence
from outlive.reports.amounts import amount, interval
from outlive.reports.finding_words import counter_words
from outlive.reports.page.markup import Markup, element, join

_WIDTH, _HEIGHT = 420, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 12, 34
_MOST_POINTS = 240
_MOST_DOTS = 60


@dataclass(frozen=True)
class Scale:
    """From steps and values to places in the drawing."""

    least_step: float
    most_step: float
    least: float
    most: float

    def x(self, step: float) -> float:
        share = (step - self.least_step) / ((self.most_step - self.least_step) or 1)
        return _tenths(_LEFT + share * (_WIDTH - _LEFT - _RIGHT))

    def y(self, value: float) -> float:
        share = (value - self.least) / ((self.most - self.least) or 1)
        share = min(1.0, max(0.0, share))
        return _tenths(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM))


def _tenths(place: float) -> float:
    """To a tenth of a pixel. `round` does it exactly in decimals, which took a fifth of a page's time."""
    return int(place * 10 + 0.5) / 10


def growth_plot(series: Series, evidence: Evidence | None) -> Markup | None:
    """The drawing with its caption, or None where fewer than two readings leave nothing to draw."""
    points = [(int(step), int(value)) for step, value in zip(series.steps, series.values)]
    if len(points) < 2 or points[0][0] >= points[-1][0]:
        return None
    floors = _judged_floors(points, evidence)
    scale = _scale(points)
    drawing = element(
        "svg",
        _grid(scale, series.key.unit),
        _wedge(floors, evidence, scale) if floors and evidence else None,
        _readings(points, scale),
        _floor_marks(floors, scale) if floors else None,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=_in_words(points, series, evidence),
    )
    return element("figure", _caption(series, evidence), drawing, _legend(bool(floors)), class_="growth")


def _judged_floors(points: list[tuple[int, int]], evidence: Evidence | None) -> Floors | None:
    if evidence is None:
        return None
    begin = points[-1][0] - evidence.steps
    tail = np.array([point for point in points if point[0] >= begin], dtype=np.int64)
    if len(tail) < 2:
        return None
    return block_floors(tail[:, 0], tail[:, 1], Rules().floors)


def _scale(points: list[tuple[int, int]]) -> Scale:
    values = [value for _, value in points]
    least, most = min(values), max(values)
    room = (most - least) * 0.04 or 1
    return Scale(points[0][0], points[-1][0], least - room if least > 0 else least, most + room)


def _grid(scale: Scale, unit: str) -> Markup:
    lines: list[Markup] = []
    for value in ticks(scale.least, scale.most, 4, unit):
        y = scale.y(value)
        lines.append(element("path", d=f"M{_LEFT} {y}H{_WIDTH - _RIGHT}", class_="grid"))
        lines.append(element("text", amount(value, unit), x=_LEFT - 7, y=y + 4, class_="tick end"))
    for value in ticks(scale.least_step, scale.most_step, 4, ""):
        anchor = "end" if scale.x(value) > _WIDTH - 34 else "middle"
        lines.append(element("text", f"{value:,.0f}", x=scale.x(value), y=_HEIGHT - 16, class_=f"tick {anchor}"))
    lines.append(element("text", "steps", x=_WIDTH - _RIGHT, y=_HEIGHT - 2, class_="tick end"))
    return element("g", *lines)


def ticks(least: float, most: float, count: int, unit: str) -> list[float]:
    """At most `count` + 1 round values between the two; round in powers of two for bytes.

    >>> ticks(0, 100, 4, "")
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    span = most - least
    if not (math.isfinite(span) and span > 0):
        return []
    base = 1024.0 ** max(0, int(math.log(max(abs(most), 1), 1024))) if unit == "bytes" else 1.0
    rough = span / base / count
    power = 10.0 ** math.floor(math.log10(rough))
    width = base * power * min(one for one in (1, 2, 2.5, 5, 10) if one * power >= rough * 0.999)
    if unit != "bytes" and width < 1:
        width = 1.0
    first = math.ceil(least / width)
    return [at * width for at in range(first, first + count + 2) if at * width <= most]


def _wedge(floors: Floors, evidence: Evidence, scale: Scale) -> Markup:
    start, value = float(floors.steps[0]), float(floors.values[0])
    length = scale.most_step - start
    ends = [evidence.rate.low, evidence.rate.per_step, evidence.rate.high]
    if not all(math.isfinite(rate) for rate in ends):
        return join(())
    low, middle, high = (scale.y(value + rate * length) for rate in ends)
    from_x, from_y, to_x = scale.x(start), scale.y(value), scale.x(scale.most_step)
    return element(
        "g",
        element("path", d=f"M{from_x} {_TOP}V{_HEIGHT - _BOTTOM}", class_="since"),
        element("path", d=f"M{from_x} {from_y}L{to_x} {high}V{low}Z", class_="wedge"),
        element("path", d=f"M{from_x} {from_y}L{to_x} {middle}", class_="rate"),
    )


def _readings(points: list[tuple[int, int]], scale: Scale) -> Markup:
    kept = thinned(points)
    places = [(scale.x(step), scale.y(value)) for step, value in kept]
    line = element("path", d="M" + "L".join(f"{x} {y}" for x, y in places), class_="readings")
    dots = "".join(f"M{x} {y}h0" for x, y in places) if len(places) <= _MOST_DOTS else ""
    return element("g", line, element("path", d=dots, class_="dots") if dots else None)


def thinned(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most some hundreds of points: of each run of many, its lowest and its highest stay."""
    width = math.ceil(len(points) / (_MOST_POINTS / 2))
    if width <= 2:
        return points
    kept = [points[0]]
    for at in range(1, len(points) - 1, width):
        run = points[at : at + width]
        kept += sorted({min(run, key=lambda one: one[1]), max(run, key=lambda one: one[1])})
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _floor_marks(floors: Floors, scale: Scale) -> Markup:
    # Plain numbers: those of numpy take ten times as long one by one.
    places = zip(floors.steps.tolist(), floors.values.tolist())
    marks = [f"M{_tenths(scale.x(step) - 4)} {scale.y(value)}h8" for step, value in places]
    return element("path", d="".join(marks), class_="floors")


def _caption(series: Series, evidence: Evidence | None) -> Markup:
    words = f"{series.key.counter} {series.key.type}".strip() if evidence is None else counter_words(evidence)
    if evidence is None:
        return element("figcaption", words)
    rate = f"{amount(evidence.rate.per_step, evidence.unit)} per step"
    return element("figcaption", element("b", rate), f" · {words}")


def _legend(judged: bool) -> Markup:
    key = [element("span", "readings", class_="key readings")]
    if judged:
        key.append(element("span", "judged floors", class_="key floors"))
        key.append(element("span", "rate, 95 % interval", class_="key rate"))
    return element("p", *key, class_="legend", aria_hidden="true")


def _in_words(points: list[tuple[int, int]], series: Series, evidence: Evidence | None) -> str:
    unit = series.key.unit
    (first, begin), (last, end) = points[0], points[-1]
    words = (
        f"{series.key.counter} {series.key.type}: from {amount(begin, unit)} at step {first:,} "
        f"to {amount(end, unit)} at step {last:,}"
    )
    if evidence is None:
        return words
    return f"{words}; {amount(evidence.rate.per_step, unit)} per step (95 %: {interval(evidence.rate, unit)})"
