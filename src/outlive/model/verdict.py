"""What a check says: verdict, findings, notes, controls. The same words stand in code, CLI, JSON and docs.

A `Finding` is one mistake; a `Note` fails nothing. Amounts are rates per step with a 95 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from outlive.model.explanation import Explanation
from outlive.model.series import Series

if TYPE_CHECKING:
    from outlive.model.leftovers import Leftover  # which knows verdicts


class Verdict(str, Enum):
    LEAK = "leak"
    NO_LEAK = "no leak"
    COULD_NOT_TELL = "could not tell"


class Outcome(str, Enum):
    """How the scenario's process ended."""

    FINISHED = "finished"
    RAISED = "raised"
    TIMED_OUT = "timed out"
    EXITED = "exited"
    KILLED = "killed"
    MEMORY = "memory limit"
    NOT_LOADED = "not loaded"
    BLIND = "blind"


@dataclass(frozen=True)
class Rate:
    """Per step, with the ends of its 95 % interval. Units: whatever the counter counts."""

    per_step: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """One counter's growth as it was seen. `counter` is e.g. "objects", "blocks", "fds"."""

    counter: str
    type: str
    rate: Rate
    steps: int
    before: int
    after: int
    floors_up: int
    floors_down: int
    e_value: float
    unit: str = ""


@dataclass(frozen=True)
class Finding:
    """Outlivers that grow together: one mistake.

    `kind` is the resource kind: python-object, native, fd, thread, process, task, timer, temp-file, mapping.
    `explanation` says why they are alive, where a Python object is what stays; `series` is what `evidence` was read
    from, counter by counter.
    """

    kind: str
    type: str
    count: Rate
    bytes: Rate
    evidence: tuple[Evidence, ...]
    fingerprint: str
    detail: str = ""
    with_it: tuple[Evidence, ...] = ()
    explanation: Explanation | None = None
    series: tuple[Series, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something seen that fails nothing: `growing`, `filling`, `raised`, `not-measured` …"""

    slug: str
    text: str


@dataclass(frozen=True)
class Control:
    """A planted leak (`positive`) or innocent (`null`), or what the run can say of itself (`self-check`); `seen` says
    whether it is as it should be.
    """

    name: str
    kind: str
    expected: str
    got: str
    seen: bool


@dataclass(frozen=True)
class Cost:
    wall_seconds: float
    steps: int
    samples: int
    sampling_seconds: float
    step_seconds: float
    peak_rss_bytes: int = 0
    explaining_seconds: float = 0.0


@dataclass(frozen=True)
class CheckResult:
    """Everything `outlive check` says; text, JSON and pytest print this and nothing else.

    `leftovers` outlived an end of their own and are not told by a finding. Each that is held from a root and not
    harmless, and whose end was declared or that can never wake, makes the verdict a leak; the others fail nothing.
    `is_command`: `scenario` is a command line, run under the recorder of native blocks.
    """

    scenario: str
    verdict: Verdict
    reason: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    controls: tuple[Control, ...] = ()
    smallest_visible: dict[str, Rate] = field(default_factory=dict)
    cost: Cost | None = None
    python: str = ""
    traceback: str = ""
    output_tail: str = ""
    leftovers: tuple[Leftover, ...] = ()
    is_command: bool = False
