"""A process as it was looked at: while it worked, and at its end. Knows looks and their times; judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outlive.capture.blocks import BlockLook
from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import BlockClass, LookReason

Named = Callable[[BlockLook, int], tuple[NativeFrame, ...]]
"""The native stack of this number with names, innermost first."""


Rows = npt.NDArray[np.intp]
NOT_MADE = -1
_END_S = 0.02
_END_SHARE = 0.1


@dataclass(frozen=True)
class Taken:
    """One look. `at`: seconds after the program's start. `working`: it was neither at its end nor asked to end."""

    look: BlockLook
    at: float
    working: bool


@dataclass(frozen=True)
class Process:
    """`program` is its executable; `takes` are in the order of time, at least one.

    `asked_to_end`: it is known when its end began, and so of each look whether it was before. `forked_from` are looks
    at other processes, whose blocks it may have as a copy: what is lost there is told there, and what only another
    thread of the forking process held was lost to the copy by the fork alone.
    """

    pid: int
    program: str
    takes: tuple[Taken, ...]
    forked_from: tuple[Taken, ...] = ()
    asked_to_end: bool = False

    @property
    def final(self) -> Taken:
        return self.takes[-1]

    @property
    def ended(self) -> bool:
        """Whether the last look was taken at its end."""
        return self.final.look.why is LookReason.END

    @property
    def before(self) -> Taken | None:
        """The last look before the final one that was surely taken while it worked.

        Nobody knows when a program that ends by itself begins to: what was taken just before its end is left out.
        """
        latest = self.final.at
        if self.ended and not self.asked_to_end:
            latest -= max(_END_S, _END_SHARE * latest)
        return next((one for one in reversed(self.takes[:-1]) if one.working and one.at <= latest), None)


def class_before(final: BlockLook, rows: Rows, earlier: BlockLook) -> npt.NDArray[np.int8]:
    """What the blocks in these rows of `final` were in an earlier look, as `BlockClass`; NOT_MADE: not yet made."""
    if len(earlier.address) == 0:
        return np.full(len(rows), NOT_MADE, np.int8)
    places = np.searchsorted(earlier.address, final.address[rows])
    places = np.minimum(places, len(earlier.address) - 1)
    # Processes forked from one parent go on with the same ticks at the same addresses; their threads differ.
    columns = ((earlier.address, final.address), (earlier.tick, final.tick), (earlier.thread, final.thread))
    same = np.logical_and.reduce([before[places] == now[rows] for before, now in columns])
    return np.where(same, earlier.block_class[places].astype(np.int8), np.int8(NOT_MADE))


def is_lost(classes: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Which of them were made and lost, by themselves or under others."""
    lost: npt.NDArray[np.bool_] = (classes != NOT_MADE) & (classes <= BlockClass.LOST_UNDER)
    return lost
