"""What a tracker hands back: the summary, and how to print it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outlive.model.figures import Course, WatchSummary


@dataclass(frozen=True)
class Report:
    """One watched process, from its first sample to its last. `str()` is its text."""

    summary: WatchSummary

    @property
    def figures(self) -> tuple[Course, ...]:
        """How each figure went: initial, minimum, maximum, final, growth, peak_growth, threshold, exceeded."""
        return self.summary.courses

    @property
    def samples(self) -> int:
        """How many samples were taken, the first one at the start included."""
        return self.summary.samples

    @property
    def passed(self) -> bool:
        """Whether no figure grew past its threshold."""
        return self.summary.passed

    def text(self) -> str:
        """The report for people, ending with a line break."""
        from outlive.reports import watch_text

        return watch_text.render(self.summary)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, schema `outlive.watch/1`."""
        from outlive.reports import watch_json

        return watch_json.summary(self.summary)

    def __str__(self) -> str:
        return self.text()
