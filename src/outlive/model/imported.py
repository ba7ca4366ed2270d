"""What other tools say of a program, in one shape: claims of each report, and findings that several reports witness.

A claim is one record of one report, as its tool made it. A finding is one mistake; each witness keeps its own class,
amount and place. Plain and serialisable; nothing here knows a file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from outlive.model.explanation import Owner, OwnerKind
from outlive.model.verdict import Note, Verdict


class Loss(str, Enum):
    """How surely a resource is lost, by the claim of a tool. In the order of certainty, the surest first."""

    DEFINITE = "definite"
    INDIRECT = "indirect"  # what points to it is lost itself
    POSSIBLE = "possible"  # the tool itself is in doubt, or has seen no run
    REACHABLE = "reachable"  # still pointed to at the end
    UNFREED = "unfreed"  # not given back when the report ended; whether anything points to it was not looked at

    @property
    def is_leak(self) -> bool:
        """Whether the claim is of a leak, and not of something that may still be in use."""
        return self in (Loss.DEFINITE, Loss.INDIRECT)


LOSSES = tuple(Loss)


@dataclass(frozen=True)
class Frame:
    """One call. Empty strings and 0 for what a tool does not say; `offset` is in the module, -1 if not known."""

    function: str = ""
    module: str = ""
    file: str = ""
    line: int = 0
    inlined: bool = False
    offset: int = -1


@dataclass(frozen=True)
class Stack:
    """Calls, innermost first. `role` says what happened there: "allocated", "freed", "used", "opened", "leaks" …

    `cut`: the report had more, or frames of it are missing.
    """

    role: str
    frames: tuple[Frame, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Claim:
    """One record of a report. `kind` is a slug: leak, double-free, use-after-free, fd-not-closed …

    `loss` is None for kinds that lose nothing. `count` and `bytes` are -1 where a tool does not say. `seen` is False
    for what was told without a run. `text` is the tool's own sentence.
    """

    kind: str
    resource: str = "native"
    loss: Loss | None = None
    count: int = -1
    bytes: int = -1
    stacks: tuple[Stack, ...] = ()
    text: str = ""
    seen: bool = True


@dataclass(frozen=True)
class Hidden:
    """What the tool itself had left out on somebody's word: the name of a suppression, and how much it hid."""

    name: str
    count: int = -1
    bytes: int = -1


@dataclass(frozen=True)
class Report:
    """One tool's report on one process. `whole`: it was read to an end that proves nothing is missing.

    `troubles` say what is missing or doubtful, in sentences. `clean`: the tool looked for leaks of its kind, and says
    that there are none, or none but what `hidden` counts.
    """

    file: str
    format: str
    tool: str
    claims: tuple[Claim, ...] = ()
    version: str = ""
    command: str = ""
    pid: int = 0
    whole: bool = False
    clean: bool = False
    troubles: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True)
class Amount:
    """How much of one class a witness claims; -1 where it does not say. `loss` is None for kinds that lose nothing."""

    loss: Loss | None
    count: int
    bytes: int


@dataclass(frozen=True)
class Witness:
    """One report's testimony for a finding. `report` is its place in `ImportReport.reports`."""

    report: int
    tool: str
    amounts: tuple[Amount, ...]
    places: tuple[str, ...] = ()
    text: str = ""
    seen: bool = True


@dataclass(frozen=True)
class ImportedFinding:
    """One mistake, as its witnesses tell it. `loss`, `count` and `bytes` are the surest witness's.

    `identity` are the innermost calls as `module!function`; `symbolised` is False where a call is known by its place
    in the module only, so that `fingerprint` holds for this build alone. `owner` is whose code made it, `called_by`
    whose code called that, where it is another's.
    """

    kind: str
    resource: str
    loss: Loss | None
    count: int
    bytes: int
    stacks: tuple[Stack, ...]
    place: str
    owner: Owner
    called_by: str
    witnesses: tuple[Witness, ...]
    fingerprint: str
    identity: tuple[str, ...] = ()
    symbolised: bool = True
    disagreements: tuple[str, ...] = ()
    hidden_by: str = ""

    @property
    def seen(self) -> bool:
        """Whether any witness saw it in a run."""
        return any(one.seen for one in self.witnesses)

    @property
    def is_leak(self) -> bool:
        """Whether a tool claims, from a run, that it is lost."""
        return self.seen and self.loss is not None and self.loss.is_leak

    @property
    def is_broken(self) -> bool:
        """Whether a tool saw memory or a descriptor used wrongly."""
        return self.seen and self.loss is None


@dataclass(frozen=True)
class ImportReport:
    """All that `outlive open` says of other tools' reports. `set_aside` is what a suppression or `--mine` took out.

    `verdict` speaks of leaks; `broken` counts findings of memory or descriptors used wrongly.
    """

    verdict: Verdict
    reason: str
    reports: tuple[Report, ...]
    findings: tuple[ImportedFinding, ...] = ()
    set_aside: tuple[ImportedFinding, ...] = ()
    notes: tuple[Note, ...] = ()
    broken: int = 0


NOBODY = Owner(OwnerKind.UNKNOWN)
