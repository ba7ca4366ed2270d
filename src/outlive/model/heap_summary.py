"""What a snapshot says at a glance, as data: biggest first, suspects, garbage, references that nobody explains."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TypeTotal:
    """One type: its objects, their own bytes, and what goes with them (retained by them together, counted once)."""

    type: str
    count: int
    bytes: int
    retained_bytes: int


@dataclass(frozen=True)
class Block:
    """One object of the dominator tree. `label` leads from the parent; children are the biggest first."""

    node: int
    type: str
    label: str
    bytes: int
    retained_bytes: int
    objects: int = 1
    children: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """A container or object that retains much: its expression from a root, and what it mostly holds."""

    expression: str
    type: str
    retained_bytes: int
    holds: str
    count: int


@dataclass(frozen=True)
class Cycle:
    """Garbage that waits for the collector: objects that only hold each other."""

    types: tuple[str, ...]
    objects: int
    bytes: int


@dataclass(frozen=True)
class Unexplained:
    """References that no object holds, by type of the object referred to.

    `usual` names whose native code keeps these as a matter of course: a package, "the interpreter"; "" where none does.
    """

    type: str
    objects: int
    references: int
    usual: str = ""


@dataclass(frozen=True)
class HeapSummary:
    """`quality` is the snapshot's self-check in one line."""

    path: str
    python: str
    objects: int
    references: int
    bytes: int
    quality: str
    types: tuple[TypeTotal, ...] = ()
    biggest: tuple[Block, ...] = ()
    tree: Block | None = None
    suspects: tuple[Suspect, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    unexplained: tuple[Unexplained, ...] = ()
    facts: dict[str, int] = field(default_factory=dict)
