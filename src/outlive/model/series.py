"""Counters over steps: what a trial measures and a judge reads.

A counter is named by `(counter, type)`: ("objects", "app.Session"), ("blocks", ""), ("fds", "socket"). Its values
stand beside the number of steps that had been run when each was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CounterKey:
    """`counter` names what is counted, `type` of what kind; `unit` is "" for a count or "bytes"."""

    counter: str
    type: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Series:
    """`values[k]` was read after `steps[k]` steps; both have the same length and steps strictly increase."""

    key: CounterKey
    steps: Sequence[int]
    values: Sequence[int]
