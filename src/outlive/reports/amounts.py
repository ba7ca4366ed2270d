"""How amounts are written for people: counts, bytes, rates, intervals, seconds. Knows no finding and no verdict."""

from __future__ import annotations

import math

from outlive.model.verdict import Rate

_BYTE_UNITS = ("B", "KB", "MB", "GB", "TB")


def number(value: float) -> str:
    """Three significant figures, no exponent in everyday sizes: 0.2, 12.5, 1,204."""
    if not math.isfinite(value):
        return "unknown"
    size = abs(value)
    if value == int(value) or size >= 1000:
        return f"{value:,.0f}"
    if size < 0.0001:
        return f"{value:.1e}"
    decimals = max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def byte_size(value: float) -> str:
    """Bytes in the unit that reads best (1 KB is 1,024 B): 48 B, 1.5 KB, 2.25 MB."""
    if not math.isfinite(value):
        return "unknown"
    scaled, unit = value, _BYTE_UNITS[0]
    for unit in _BYTE_UNITS:
        if abs(scaled) < 1024 or unit == _BYTE_UNITS[-1]:
            break
        scaled /= 1024
    return f"{number(scaled)} {unit}"


def amount(value: float, unit: str) -> str:
    """A value in its counter's unit: "bytes", or "" for a count."""
    return byte_size(value) if unit == "bytes" else number(value)


def interval(rate: Rate, unit: str = "") -> str:
    """The ends of the 95 % interval, `a – b`."""
    return f"{amount(rate.low, unit)} – {amount(rate.high, unit)}"


def power(value: float) -> str:
    """A figure that may be huge and whose size is all that matters: 340, 3e9."""
    if math.isinf(value):
        return "huge"
    if not value >= 10_000:
        return number(value)
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def how_often(per_step: float) -> str:
    """A rate below one per step as "every 5th step"; "" when it is not below one."""
    if not 0 < per_step < 0.75:
        return ""
    every = round(1 / per_step)
    return f"about every {every:,}{_ordinal(every)} step"


def seconds(value: float) -> str:
    """A duration: 12 ms, 4.1 s, 3 min 20 s."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def counted(count: int, noun: str) -> str:
    """ "1 step", "1,200 steps"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _ordinal(count: int) -> str:
    if 10 <= count % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
