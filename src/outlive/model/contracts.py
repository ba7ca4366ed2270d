"""Contracts as data: which calls begin and end a lifetime, and how one sees that a resource has ended.

Written in TOML (`outlive.toml`, and the packs in `contracts/packs`), read and checked by `contracts`, attached to the
program by `lifetimes.hooks`, evaluated on a heap by `explain.leftovers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MUST = (
    "garbage",
    "tasks",
    "timers",
    "handles",
    "transports",
    "sockets",
    "fds",
    "threads",
    "children",
    "executors",
    "temp-files",
    "generators",
)
"""What a contract can ask to be gone; "everything" is all of them, "nothing" none."""


@dataclass(frozen=True)
class Lifetime:
    """`begins` and `ends` are places "package.module:Class.method" or "package.module:function".

    A class alone as `begins` stands for its `__init__`. `of` says whose lifetime it is: "self", "result", or the name
    of an argument of the ending call. `pack` is where it was declared: a pack's name or the file. `in_use` says how to
    count who still uses it when the ending call begins, each with words for what was counted (see `lifetimes.in_use`);
    with `waits` the call waits for its users, and those are counted that are left when it has returned.
    """

    begins: str
    ends: tuple[str, ...]
    must: tuple[str, ...] = ("garbage",)
    of: str = "self"
    name: str = ""
    matters: str = ""
    pack: str = ""
    optional: bool = False
    """The place is not in every version of the library: where it is missing, that is no mistake."""
    in_use: tuple[tuple[str, str], ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class Condition:
    """One thing to look at in an object: `attribute` (dotted: "_connector._closed", "" for the object itself).

    `is_`: "true", "false", "none", "absent", "empty", "set" (neither none nor absent), or a text in quotes ("'RUN'").
    With `state` it is the native state that is asked for ("closed", "done" …), of the object or of the attribute.
    `also` must hold too.
    """

    attribute: str = ""
    is_: str = "true"
    state: str = ""
    also: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A class whose instances must be ended by a call. It has ended when any of `ended` holds.

    `kind` is how reports call it (session, server, executor, connection, file …); `end_with` the call to write;
    `matters` what happens without it. `idle` conditions name those that need no ending though nobody ended them (a
    session that never connected). `harmless`: told, but no leak (the interpreter ends it well by itself).
    """

    type: str
    kind: str
    end_with: str
    matters: str
    ended: tuple[Condition, ...] = ()
    idle: tuple[Condition, ...] = ()
    harmless: bool = False
    pack: str = ""


@dataclass(frozen=True)
class Use:
    """Objects of the class `by` use what stands in their attribute `of` ("stream", "handlers[].stream") until one of
    `until` holds; without `until` as long as they are there. `kind` is how reports call the user; `matters` what comes
    of it when what he uses is closed first."""

    by: str
    of: str
    kind: str
    matters: str = ""
    until: tuple[Condition, ...] = ()
    pack: str = ""


@dataclass(frozen=True)
class Pack:
    """A data file of contracts. `requires` is the module that must be importable; "" for the standard library."""

    name: str
    requires: str = ""
    lifetimes: tuple[Lifetime, ...] = ()
    resources: tuple[Resource, ...] = ()
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Contracts:
    """All that is in force: packs that apply, and the user's own."""

    packs: tuple[Pack, ...] = field(default_factory=tuple)

    @property
    def lifetimes(self) -> tuple[Lifetime, ...]:
        return tuple(row for pack in self.packs for row in pack.lifetimes)

    @property
    def resources(self) -> tuple[Resource, ...]:
        return tuple(row for pack in self.packs for row in pack.resources)

    @property
    def uses(self) -> tuple[Use, ...]:
        return tuple(row for pack in self.packs for row in pack.uses)
