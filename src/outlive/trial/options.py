"""What the parent's side of a trial is given and gives: options, readings, endings. Plain frozen data."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outlive.model.series import CounterKey
from outlive.model.verdict import Outcome

_MOST_MEMORY = 8 * 1024**3


@dataclass(frozen=True)
class TrialOptions:
    """How the child is run.

    `timeout_s`: no progress for so long within one command ends the trial. `memory_limit_bytes`: resident size that
    ends it; None is half of what is available now, at most 8 GB. `argv`: what to run instead of our own child; it
    must speak our side of the line (the pytest plugin's does). `env` is added to the parent's environment.
    `leave_s`: how long the process may take to exit by itself once everything was measured. `sites`: note when and
    where each object is made. `contracts`: watch the ends of lifetimes, those of these rows too (plain data, as
    `contracts.rows` gives them); None: watch none.
    """

    timeout_s: float = 60.0
    memory_limit_bytes: int | None = None
    python: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    argv: Sequence[str] = ()
    leave_s: float = 2.0
    sites: bool = True
    contracts: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Reading:
    """The counters after `steps` steps: those that changed since the reading before; the first holds all."""

    steps: int
    values: dict[CounterKey, int]
    step_seconds: float
    sampling_seconds: float
    rss_bytes: int


@dataclass(frozen=True)
class Ended:
    """The trial is over. `how` is the child's own word for it, "" when it could not speak any more."""

    outcome: Outcome
    reason: str
    traceback: str = ""
    output_tail: str = ""
    how: str = ""


def memory_limit(options: TrialOptions) -> int:
    """The limit in bytes that the options ask for."""
    if options.memory_limit_bytes is not None:
        return options.memory_limit_bytes
    return min(_available_memory() // 2, _MOST_MEMORY)


def _available_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 2 * _MOST_MEMORY
