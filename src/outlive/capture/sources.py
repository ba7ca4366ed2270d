"""The source line of a site, read from its file. Never fails: a line that cannot be read is ""."""

from __future__ import annotations

import os
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
        """The site and its callers with their source lines, files below the working folder told from there."""
        if site is None:
            return None
        callers = tuple(self._filled(one) for one in site.callers)
        return replace(self._filled(site), callers=callers)

    def _filled(self, one: Site) -> Site:
        return replace(one, source=self.line(one.file, one.line), file=_seen_from_here(one.file))


def _seen_from_here(file: str) -> str:
    """A file below the working folder by its path from there, as compilers name it; any other as it is."""
    here = os.getcwd().rstrip("/") + "/"
    return file[len(here) :] if file.startswith(here) and "/site-packages/" not in file else file


def _read(file: str) -> list[str]:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST_FILE:
            return []
        with tokenize.open(file) as stream:
            return stream.read().splitlines()
    except (OSError, SyntaxError, ValueError):
        return []
