"""What outlived its end, as data: one `Leftover` for each mistake, and the report of a program's whole life."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from outlive.model.explanation import Explanation, Owner, OwnerKind, Site
from outlive.model.look import Closing
from outlive.model.verdict import Cost, Note, Verdict

NOBODY = Owner(OwnerKind.UNKNOWN)


class Answer(str, Enum):
    """Why it is still there after its end. Four answers, never mixed; only the first is a leak."""

    HELD = "held from a root"
    CYCLE = "collectable cycle"
    IN_FLIGHT = "in flight"
    HARNESS = "held by the harness"


class Category(str, Enum):
    """When it matters: while the program runs, only at its end, only in a test."""

    RUNTIME = "runtime"
    SHUTDOWN = "shutdown"
    TEST = "test"


class StuckGrade(str, Enum):
    """How surely a waiter never wakes; empty: it is not proved."""

    NOT = ""
    NEVER_WAKES = "never wakes by itself"
    NOT_CANCELLABLE = "not even cancellable"


@dataclass(frozen=True)
class Stuck:
    """A task or thread that nothing runnable can wake. `proof` is the evidence, a line each."""

    node: int
    kind: str
    grade: StuckGrade
    name: str
    waits_for: str
    where: str = ""
    proof: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leftover:
    """Things that one mistake left behind.

    `kind` is what they are: object, task, timer, handle, transport, server, socket, fd, file, thread, process,
    executor, temp-file, generator, coroutine, listener, session … `problem` is a slug of `explain.leftovers.problems`:
    "outlived", "open-at-end", "stuck", "swallowed-cancellation", "made-after-close", "never-awaited", "zombie" …
    `sentence` says it whole, `matters` why anybody should care, `lifetime` what had ended ("session closed", a test's
    id, "the program"). `evidence` are lines of proof, `remedy` what to do about it, in words. `harmless`: told, but
    fails nothing.
    """

    kind: str
    type: str
    count: int
    answer: Answer
    problem: str
    sentence: str
    category: Category = Category.SHUTDOWN
    matters: str = ""
    lifetime: str = ""
    ended_at: Site | None = None
    made_at: Site | None = None
    made_by: Owner = NOBODY
    owner: Owner = NOBODY
    explanation: Explanation | None = None
    stuck: StuckGrade = StuckGrade.NOT
    examples: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    fingerprint: str = ""
    harmless: bool = False
    remedy: str = ""


@dataclass(frozen=True)
class Growth:
    """A figure that grew while the program ran: first and last value, and how steadily (share of samples that rose)."""

    counter: str
    type: str
    first: float
    last: float
    samples: int
    seconds: float
    rising: float = 0.0
    unit: str = ""


@dataclass(frozen=True)
class ProgramEnd:
    """How the program ended. `how`: "returned", "exited", "raised", "signal", "os._exit", "crashed", "killed"."""

    how: str
    status: int
    words: str


@dataclass(frozen=True)
class EndReport:
    """What `outlive run` says at the end; text, JSON and page print this and nothing else.

    `verdict`: leak (something leads it that is not harmless), no leak, could not tell (why is in `reason`).
    """

    command: tuple[str, ...]
    end: ProgramEnd
    verdict: Verdict
    reason: str
    leftovers: tuple[Leftover, ...] = ()
    closings: tuple[Closing, ...] = ()
    growth: tuple[Growth, ...] = ()
    notes: tuple[Note, ...] = ()
    cost: Cost | None = None
    python: str = ""
    seconds: float = 0.0
    looks: int = 0
    snapshots: tuple[str, ...] = field(default_factory=tuple)
