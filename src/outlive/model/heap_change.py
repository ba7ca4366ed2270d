"""What differs between two snapshots, or three, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TypeChange:
    """One type: all its objects before and after; of one process also how many are new and gone, and the new's bytes.

    Of three snapshots `new` were made between the first two and are still there; `gone` were made and went.
    """

    type: str
    before: int
    after: int
    new: int
    gone: int
    bytes: int


@dataclass(frozen=True)
class SiteChange:
    """New objects made by one line."""

    file: str
    line: int
    function: str
    new: int
    bytes: int


@dataclass(frozen=True)
class HolderChange:
    """Objects of one type that hang on one pattern of references; `new` is estimated from those `looked_at`.

    Of two processes `before` and `after` are estimates, and `new` is 0. `example` and `node` are one of them.
    """

    type: str
    pattern: str
    new: int
    looked_at: int
    example: str
    node: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class HeapChange:
    """`files` are two, or three. `same_process` False: addresses mean nothing, only types and holders are compared.

    `by_stamps`: ticks were compared too, so that an object at a used-again address counts as new.
    """

    files: tuple[str, ...]
    same_process: bool
    by_stamps: bool
    objects: tuple[int, ...]
    bytes: tuple[int, ...]
    new: int
    new_bytes: int
    gone: int
    types: tuple[TypeChange, ...] = ()
    sites: tuple[SiteChange, ...] = ()
    holders: tuple[HolderChange, ...] = ()
