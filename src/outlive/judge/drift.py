"""What grew while a program ran: figures of its looks over time, without steps and so without a verdict.

A figure is told when it ended well above where it began and rose at most of the looks: what only moves up and down, or
jumped once, is not. How long the warm-up is nobody knows here, so the first quarter of the looks is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from outlive.model.leftovers import Growth

_FEWEST = 4
_WARM_UP = 0.25
_RISING = 0.6
_LEAST_SHARE, _LEAST_STEPS = 0.02, 3
_BYTES = ("rss", "native", "uss", "data")


def growth_of(samples: Sequence[tuple[float, Mapping[str, float]]]) -> tuple[Growth, ...]:
    """Of each figure, from (seconds, figures) in the order of time; what grew most, in shares of itself, first."""
    kept = samples[int(len(samples) * _WARM_UP) :]
    if len(kept) < _FEWEST:
        return ()
    names = [name for name in kept[0][1] if all(name in figures for _, figures in kept)]
    rows = [_growth(name, [(at, figures[name]) for at, figures in kept]) for name in names]
    told = [row for row in rows if row is not None]
    return tuple(sorted(told, key=lambda row: -(row.last - row.first) / max(1.0, abs(row.first))))


def _growth(name: str, points: Sequence[tuple[float, float]]) -> Growth | None:
    values = [value for _, value in points]
    rises = sum(later > earlier for earlier, later in pairwise(values))
    rising, grown = rises / (len(values) - 1), values[-1] - values[0]
    if rising < _RISING or rises < _LEAST_STEPS or grown < _LEAST_SHARE * abs(values[0]) or grown <= 0:
        return None
    unit = "bytes" if name.startswith(_BYTES) else ""
    return Growth(name, "", values[0], values[-1], len(values), points[-1][0] - points[0][0], rising, unit)
