"""How much growth is worth a warning: the default of 1 MB, and amounts as people write them.

Amounts are kept in the figure's own unit: KB for memory of the system, bytes for the native heap, else a count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outlive.errors import UsageError
from outlive.model.figures import Figure
from outlive.probes.registry import figure_named

# 1 MB on what a program really holds. VmSize is only shown: reserving address space costs nothing.
DEFAULT_THRESHOLDS: Mapping[str, int] = {"vm_rss": 1024, "vm_data": 1024}

_BYTES = {"b": 1, "kb": 1024, "kib": 1024, "mb": 1024**2, "mib": 1024**2, "gb": 1024**3, "gib": 1024**3}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def with_defaults(chosen: Mapping[str, int | str | None]) -> dict[str, int]:
    """The default thresholds, with `chosen` ones added or in their place; None or "off" takes one away.

    Names as people write them. Raises UsageError for an unknown figure or an amount that does not fit it.
    """
    thresholds = dict(DEFAULT_THRESHOLDS)
    for name, amount in chosen.items():
        figure = figure_named(name)
        value = parse_amount(figure, amount) if amount is not None else None
        if value is None:
            thresholds.pop(figure.name, None)
        else:
            thresholds[figure.name] = value
    return thresholds


def parse_amount(figure: Figure, amount: int | str) -> int | None:
    """`amount` in the figure's unit; "off" is None. A bare number is in that unit already: 1024 for VmRSS is 1 MB."""
    text = str(amount).strip()
    if text.lower() == "off":
        return None
    match = _AMOUNT.fullmatch(text)
    unit = match.group(2).lower() if match else ""
    fits = unit == "" or (figure.unit != "" and unit in _BYTES)
    if match is None or not fits:
        wanted = "an amount such as 512KB, 1MB or off" if figure.unit else "a whole number, or off"
        raise UsageError(f"{figure.name}={text} is no threshold", why=f"{figure.label} takes {wanted}")
    number = float(match.group(1))
    if unit:
        number = number * _BYTES[unit] / _BYTES[figure.unit.lower()]
    return int(number)


def parse_pair(text: str) -> tuple[str, str]:
    """ "vm_rss=2MB" as its name and its amount. Raises UsageError when there is no `=` in it."""
    name, equals, amount = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is no threshold", why="a threshold is FIGURE=VALUE", hint="--threshold vm_rss=2MB")
    return name.strip(), amount.strip()
