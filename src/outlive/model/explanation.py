"""Why something is alive, as data: the holder path, its faulty reference, the site, the owner, the advice.

What `explain` finds and the reports show. Plain and serialisable; nothing here knows a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """What an object on a holder path is known to be."""

    EXPECTED = "expected"
    STUCK = "stuck"
    UNKNOWN = "unknown"


class OwnerKind(str, Enum):
    YOURS = "yours"
    LIBRARY = "library"
    INTERPRETER = "interpreter"
    SYSTEM = "system"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Owner:
    """Whose it is. `name` is a package or a distribution, `version` the distribution's, both empty if not known."""

    kind: OwnerKind
    name: str = ""
    version: str = ""


@dataclass(frozen=True)
class Site:
    """Where something was made. `callers` go outwards; `approximate`: the stamp may be an earlier object's."""

    file: str
    line: int
    function: str
    source: str = ""
    approximate: bool = False
    callers: tuple[Site, ...] = ()


@dataclass(frozen=True)
class NativeFrame:
    """A place in native code. `address` is as the module's file counts. `certain`: the symbol table says that the
    function reaches as far; else `function` is the nearest one named before it, "" where there is none.

    `file` and `line` come from debug information, "" and 0 without any. `inlined`: the compiler put this call into the
    frame that follows it.
    """

    module: str
    address: int
    function: str = ""
    certain: bool = True
    file: str = ""
    line: int = 0
    inlined: bool = False


@dataclass(frozen=True)
class Hop:
    """One object of a holder path, and the reference that leads to it.

    `label` is how a person writes the reference: "app.sessions" of a root, then ".callbacks", "['u42']", "[3]".
    `pattern` is the label without what differs from run to run: "[*]". `what` says more of the object than its type:
    the name of a function or module, the file and line of a frame. `faulty` marks the reference, not the object.
    """

    label: str
    pattern: str
    type: str
    what: str = ""
    state: State = State.UNKNOWN
    reason: str = ""
    faulty: bool = False
    count: int = 0


@dataclass(frozen=True)
class Advice:
    """A known pattern that fits: its id (`outlive explain <id>`), what it is in a line, what to do instead."""

    id: str
    title: str
    text: str
    reference: str = ""


@dataclass(frozen=True)
class Explanation:
    """Why the outlivers of one finding are alive.

    `path` goes from the root to the outliver. `held_by` is the faulty reference as one expression. `also_held_by` are
    holders that remain when the faulty reference is cut. `native_references` counts references that native code owns.
    `retained_bytes` is what one outliver keeps alive; `explained`, of `sampled` outlivers, how many hang on this
    reference, and `types` are theirs, the most frequent first. `native` is the native code that took it, innermost
    first.
    """

    sentence: str
    path: tuple[Hop, ...] = ()
    held_by: str = ""
    owner: Owner = Owner(OwnerKind.UNKNOWN)
    site: Site | None = None
    made_by: Owner = Owner(OwnerKind.UNKNOWN)
    family: str = ""
    advice: tuple[Advice, ...] = ()
    also_held_by: tuple[str, ...] = ()
    native_references: int = 0
    retained_bytes: int = 0
    explained: int = 0
    sampled: int = 0
    types: tuple[str, ...] = ()
    fingerprint: str = ""
    native: tuple[NativeFrame, ...] = ()
