"""Figures of one process over time: what was watched, how each one went, and whether it passed its threshold.

A *figure* is one number that a probe reads: VmRSS in KB, open descriptors, threads. A `Course` is what is kept of its
readings: first, least, most and last. That is all a report says, so that watching for a month needs no more memory
than watching for a minute. A passed threshold is *growth*; it proves no leak, and nothing here says that it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Figure:
    """`name` stands in options and JSON, `label` in reports; `unit` is "KB", "B" or "" for a count."""

    name: str
    label: str
    unit: str = ""


@dataclass(frozen=True)
class Sample:
    """One reading of everything watched: `number` from 1, `elapsed_s` since the first."""

    number: int
    elapsed_s: float
    values: Mapping[str, int]


@dataclass(frozen=True)
class Course:
    """How one figure went. `threshold`: growth above it is reported; None when it is only shown."""

    figure: Figure
    initial: int
    minimum: int
    maximum: int
    final: int
    threshold: int | None = None

    @property
    def growth(self) -> int:
        """Final minus initial."""
        return self.final - self.initial

    @property
    def peak_growth(self) -> int:
        """Maximum minus initial."""
        return self.maximum - self.initial

    @property
    def exceeded(self) -> bool:
        """Whether it grew past its threshold. Growth of just the threshold does not."""
        return self.threshold is not None and self.growth > self.threshold


@dataclass(frozen=True)
class WatchSummary:
    """What a watch says; text and JSON print this and nothing else.

    `unread` holds figures that were left out and why. `command` is empty for a process that was already running;
    `ending` says in one sentence why the watch ended. `judged` is False when too little was seen to compare with any
    threshold, and `ending` says why.
    """

    pid: int
    samples: int
    elapsed_s: float
    courses: tuple[Course, ...]
    unread: Mapping[str, str]
    command: tuple[str, ...] = ()
    ending: str = ""
    judged: bool = True

    @property
    def exceeded(self) -> tuple[Course, ...]:
        """The courses that grew past their thresholds."""
        return tuple(course for course in self.courses if course.exceeded)

    @property
    def passed(self) -> bool:
        """Whether the watch could be judged and no figure grew past its threshold."""
        return self.judged and not self.exceeded


def begin(figure: Figure, value: int, threshold: int | None = None) -> Course:
    """The course of a figure after its first reading."""
    return Course(figure, value, value, value, value, threshold)


def follow(course: Course, value: int) -> Course:
    """The course after one more reading."""
    return replace(course, minimum=min(course.minimum, value), maximum=max(course.maximum, value), final=value)
