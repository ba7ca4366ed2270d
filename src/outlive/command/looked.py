"""What one look shows: what is lost in it, what is kept, and of whom.

Knows which blocks are a process's own: a forked child has those of its parent in its memory, and what the parent lost
is not lost a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_twice import REGISTERS_KEPT, rows_lost_in_both
from outlive.command.origins import Rows, pairs_of
from outlive.model.native_blocks import BlockClass, LookReason


@dataclass(frozen=True)
class LookFile:
    """A look that lies on disk: opened when it is read, for a run may have thousands. `at_ns`: when it was complete."""

    path: Path
    facts: dict[str, int]
    at_ns: int

    @property
    def step(self) -> int:
        return self.facts["step"]

    @property
    def is_end(self) -> bool:
        return self.facts["why"] == LookReason.END

    def open(self) -> BlockLook:
        return load_blocks(self.path)


def look_file(path: Path) -> LookFile:
    """Raises DamagedSnapshot where it is not whole, OSError where it cannot be read."""
    return LookFile(path, load_blocks(path).facts, path.stat().st_mtime_ns)


@dataclass
class Tally:
    """Of one origin: blocks, and bytes with what hangs on them."""

    count: int = 0
    bytes: int = 0


Tallies = dict[int, Tally]
"""By the origin's number, or by the pair of numbers that stack and Python line have in one process."""


def add(tallies: Tallies, number: int, more: Tally) -> None:
    """To what is there already; `more` stays as it is."""
    whole = tallies.setdefault(number, Tally())
    whole.count += more.count
    whole.bytes += more.bytes


def lost_rows(look: BlockLook, later: BlockLook | None = None) -> Rows:
    """Own blocks that are lost, or lost under others; with `later`, still so in that one (rows are those of `look`)."""
    rows = np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER)
    rows = rows[_is_own(look, rows)]
    if later is None or not len(rows):
        return rows
    again = later.tick[rows_lost_in_both(look, later).astype(np.intp)]  # a tick is given once in a process
    return rows[np.isin(look.tick[rows], again)]


def kept_rows(look: BlockLook) -> Rows:
    """Own blocks that something still leads to."""
    rows = np.flatnonzero(look.block_class > BlockClass.LOST_UNDER)
    return rows[_is_own(look, rows)]


def _is_own(look: BlockLook, rows: Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Threads of this process were numbered after it; a block that an older thread made was there at the fork.

    Where the kernel's numbers have begun anew an inherited block may pass for an own one: the parent lost it, too.
    """
    own: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = look.thread[rows] >= look.facts["pid"]
    return own


def lost_tallies(look: BlockLook, rows: Rows) -> Tallies:
    """Lost blocks by pair; what only they hold goes with them, in bytes."""
    is_head = look.block_class[rows] == BlockClass.LOST
    heads = rows[is_head]
    found = kept_tallies(look, heads)
    by_address = dict(zip(look.address[heads].tolist(), pairs_of(look, heads).tolist()))
    for row in rows[~is_head].tolist():
        pair = by_address.get(int(look.root[row]))
        if pair is not None:
            found[pair].bytes += int(look.size[row])
    return found


def kept_tallies(look: BlockLook, rows: Rows) -> Tallies:
    """Blocks by pair."""
    pairs, places = np.unique(pairs_of(look, rows), return_inverse=True)
    places = places.reshape(-1)
    counts = np.bincount(places, minlength=len(pairs))
    sizes = np.bincount(places, weights=look.size[rows].astype(np.float64), minlength=len(pairs))
    return {pair: Tally(count, int(size)) for pair, count, size in zip(pairs.tolist(), counts.tolist(), sizes.tolist())}


def could_be_in_registers(look: BlockLook, count: int) -> bool:
    """Whether so few blocks are lost that registers of other threads, which no look can read, might hold them all."""
    return count <= REGISTERS_KEPT * max(0, look.facts["threads"] - 1)
