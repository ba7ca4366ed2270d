"""The source line of a site, read from its file. Never fails: a line that cannot be read is ""."""

from __future__ import annotations

import tokenize
from dataclasses import replace
from pathlib import Path

from outlive.model.explanation import Site

_LONGEST_FILE = 8 * 1024 * 1024
_LONGEST_LINE = 200


class Sources:
    """Source lines by file and number; each file is read once. What changed since it was run is not noticed."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str:
        """The line without its indentation, cut at 200 characters; "" when it is not to be had."""
        lines = self._lines.get(file)
        if lines is None:
            lines = self._lines[file] = _read(file)
        return lines[number - 1].strip()[:_LONGEST_LINE] if 0 < number <= len(lines) else ""

    def filled(self, site: Site | None) -> Site | None:
        """The site and its callers with their source lines."""
        if site is None:
            return None
        callers = tuple(replace(one, source=self.line(one.file, one.line)) for one in site.callers)
        return replace(site, source=self.line(site.file, site.line), callers=callers)


def _read(file: str) -> list[str]:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST_FILE:
            return []
        with tokenize.open(file) as stream:
            return stream.read().splitlines()
    except (OSError, SyntaxError, ValueError):
        return []
