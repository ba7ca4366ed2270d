"""Which versions a known leak is in. Knows release numbers and pre-releases; what it cannot read is in no range.

A range is a list of comparisons that must all hold: ">=1.12.0, <1.12.3"; alternatives are parted by "or", for a fix
that went into several lines: "<3.9.10 or >=3.10, <3.10.2". An empty range is every version: the behaviour is meant.
"""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"v?(\d+(?:\.\d+)*)[-_.]?(?:(a|b|c|rc|alpha|beta|pre|dev)[-_.]?(\d*))?(?:\.?post\d*)?(?:\+.*)?", re.I
)
_STAGES = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3}
_RELEASED = 4
_COMPARISON = re.compile(r"(<=|>=|==|<|>)\s*(\S+)")

_Order = tuple[tuple[int, ...], int, int]


def in_range(version: str, affected: str) -> bool:
    """Whether `version` is affected; a version that cannot be read is not.

    >>> in_range("4.0.1", "<5.0.0"), in_range("5.0.0", "<5.0.0"), in_range("5.0.0rc1", "<5.0.0")
    (True, False, True)
    >>> in_range("unknown", "<5.0.0")
    False
    """
    order = _order(version)
    if order is None:
        return False
    if not affected.strip():
        return True
    return any(_all_hold(order, alternative) for alternative in affected.split(" or "))


def comparisons(affected: str) -> list[tuple[str, str]]:
    """The comparisons of one alternative of a range; raises ValueError on anything else."""
    found = []
    for part in affected.split(","):
        comparison = _COMPARISON.fullmatch(part.strip())
        if comparison is None or _order(comparison[2]) is None:
            raise ValueError(f"not a comparison of versions: {part.strip()!r}")
        found.append((comparison[1], comparison[2]))
    return found


def _all_hold(order: _Order, alternative: str) -> bool:
    return all(_holds(order, sign, other) for sign, other in comparisons(alternative))


def _holds(order: _Order, sign: str, text: str) -> bool:
    other = _order(text)
    if other is None:
        return False
    if sign == "==":
        return order == other
    if sign in ("<", "<="):
        return order < other or (sign == "<=" and order == other)
    return order > other or (sign == ">=" and order == other)


def _order(version: str) -> _Order | None:
    """What versions are compared by: numbers without trailing noughts, then the stage before the release."""
    parts = _VERSION.fullmatch(version.strip())
    if parts is None:
        return None
    numbers = [int(number) for number in parts[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if parts[2] is None:
        return tuple(numbers), _RELEASED, 0
    return tuple(numbers), _STAGES[parts[2].lower()], int(parts[3] or 0)
