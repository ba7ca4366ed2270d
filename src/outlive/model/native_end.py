"""What native code left behind, as data: losses, uses of memory that were wrong, and the report of a program's life.

Plain and serialisable: nothing here knows how it was recorded, or how it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass

from outlive.model.explanation import NativeFrame, Owner
from outlive.model.leftovers import NOBODY, Category, ProgramEnd
from outlive.model.native_blocks import BlockKind, PythonLine
from outlive.model.verdict import Cost, Note, Verdict


@dataclass(frozen=True)
class NativeCall:
    """Who called, in both languages: frames innermost first, inlined ones too; Python lines innermost first."""

    frames: tuple[NativeFrame, ...] = ()
    lines: tuple[PythonLine, ...] = ()
    thread: int = 0


@dataclass(frozen=True)
class LossEvent:
    """How the last pointer went. `kind`: "parent freed", "overwritten", "discarded".

    parent freed: `at` is who freed the block that held it. overwritten: who wrote over it. discarded: the function that
    returned, or was left, with the only pointer in a variable of its own. `sure`: seen with this very block; else
    with another one of the same origin. `count`: of so many blocks it was seen.
    """

    kind: str
    at: NativeCall
    sure: bool = True
    count: int = 1
    words: str = ""


@dataclass(frozen=True)
class NativeLoss:
    """Blocks lost by one mistake.

    `what` is a type where one is known, else the function that made them. `parts` say of what these consist, where that
    is more than one thing; they are counted in the figures above them. `category` says when the last pointer went;
    `when_known` is False where no look tells: then it is a guess. `caller` is the function that called the one that
    made them, where it has a name. `processes` are the ids of those that lost them. `evidence` are lines of proof.
    """

    what: str
    count: int
    bytes: int
    under_count: int
    under_bytes: int
    kind: BlockKind
    made: NativeCall
    category: Category = Category.RUNTIME
    owner: Owner = NOBODY
    events: tuple[LossEvent, ...] = ()
    certain: bool = True
    sentence: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    fingerprint: str = ""
    harmless: bool = False
    parts: tuple[NativeLoss, ...] = ()
    per_step: float = 0.0
    when_known: bool = True
    caller: str = ""
    processes: tuple[int, ...] = ()


@dataclass(frozen=True)
class BrokenUse:
    """Memory used wrongly. `kind`: double-free, interior-free, foreign-free, mismatched-free, write-after-free,
    use-after-free, overrun, stack-overflow, double-close. `calls` are (role, who): made, freed, used; in order of time.
    """

    kind: str
    sentence: str
    calls: tuple[tuple[str, NativeCall], ...] = ()
    address: int = 0
    bytes: int = 0
    count: int = 1
    evidence: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True)
class OpenHandle:
    """Handles of an event loop that were not closed by one mistake. `type`: "timer", "tcp"; `state` in words."""

    type: str
    count: int
    state: str
    sentence: str
    made: NativeCall | None = None
    stopped: NativeCall | None = None
    fingerprint: str = ""
    closed: NativeCall | None = None
    """Who closed it, where it was."""
    callback: NativeFrame | None = None
    """The beginning of the close callback it was closed with, where that is the mistake."""
    usual: NativeFrame | None = None
    """The beginning of the one that its like are closed with."""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypeTotal:
    """What was alive at the end, by what it is. `lost` of `count` can be freed by nobody."""

    what: str
    count: int
    bytes: int
    lost: int = 0
    lost_bytes: int = 0


@dataclass(frozen=True)
class NativeProcess:
    """One process of a run. `looks` at it, `ended`: the last one was at its end. `lost` counts all, told or not."""

    pid: int
    program: str
    looks: int
    ended: bool
    live_count: int = 0
    live_bytes: int = 0
    lost_count: int = 0
    lost_bytes: int = 0


@dataclass(frozen=True)
class NativeReport:
    """What `outlive run` says of a native program; text, JSON and page print this and nothing else."""

    command: tuple[str, ...]
    end: ProgramEnd
    verdict: Verdict
    reason: str
    losses: tuple[NativeLoss, ...] = ()
    broken: tuple[BrokenUse, ...] = ()
    handles: tuple[OpenHandle, ...] = ()
    totals: tuple[TypeTotal, ...] = ()
    notes: tuple[Note, ...] = ()
    cost: Cost | None = None
    seconds: float = 0.0
    looks: int = 0
    live_count: int = 0
    live_bytes: int = 0
    processes: tuple[NativeProcess, ...] = ()
