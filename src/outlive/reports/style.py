"""The few colours a text report uses, and how to do without them. Knows no report.

Plain escape codes and no library: a verdict must print as fast from a pytest run with a thousand tests as from a
terminal, and these eight codes are the same on every terminal of the last thirty years.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """Wraps text in colour, or leaves it as it is when `color` is False."""

    color: bool

    def bad(self, text: str) -> str:
        return self._wrap("1;31", text)

    def good(self, text: str) -> str:
        return self._wrap("1;32", text)

    def unsure(self, text: str) -> str:
        return self._wrap("1;33", text)

    def strong(self, text: str) -> str:
        return self._wrap("1", text)

    def quiet(self, text: str) -> str:
        return self._wrap("2", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


def columns(rows: list[list[str]], *, left: frozenset[int]) -> list[str]:
    """Rows of cells as aligned lines, two spaces apart; columns in `left` align left, the others right."""
    if not rows:
        return []
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if at in left else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
