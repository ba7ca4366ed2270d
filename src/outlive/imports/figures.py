"""Numbers as foreign reports write them, within bounds."""

from __future__ import annotations

from outlive.imports.limits import LARGEST

_MOST_DIGITS = 24


def whole_number(text: str | None, base: int = 10) -> int:
    """The number, -1 where `text` is none, is negative or is beyond every real size. Commas part thousands."""
    digits = (text or "").strip().replace(",", "")
    if not 0 < len(digits) <= _MOST_DIGITS or not digits.isascii() or not digits.isalnum():
        return -1
    try:
        value = int(digits, base)
    except ValueError:
        return -1
    return value if value <= LARGEST else -1


def together(amounts: list[int]) -> int:
    """Their sum; -1 where none is known. What a report does not say adds nothing."""
    known = [one for one in amounts if one >= 0]
    return min(sum(known), LARGEST) if known else -1
