"""What was alive at the end, by the function that asked for it. Adds up; accuses nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from outlive.explain.native.grouping import Blocks
from outlive.model.native_blocks import BlockClass
from outlive.model.native_end import TypeTotal

_MOST_TOTALS = 50
_OTHERS = "others"
_FOR_PYTHON = "the interpreter, for Python code"


def totals(processes: Sequence[Blocks]) -> tuple[TypeTotal, ...]:
    """Of all processes together, most bytes first."""
    sums: dict[str, list[int]] = {}
    for blocks in processes:
        look = blocks.look
        counted = 0
        for _, rows in blocks.heaviest:
            lost = rows[look.block_class[rows] <= BlockClass.LOST_UNDER]
            who = blocks.who(int(rows[0]))
            name = who.what if who.line is None else _FOR_PYTHON
            row = sums.setdefault(name, [0, 0, 0, 0])
            counted += len(rows)
            _add(row, blocks, rows, lost)
        _rest(blocks, counted, sums)
    found = [TypeTotal(name, *row) for name, row in sums.items()]
    return tuple(sorted(found, key=lambda one: (-one.bytes, one.what))[:_MOST_TOTALS])


def _rest(blocks: Blocks, counted: int, sums: dict[str, list[int]]) -> None:
    """What was too little to be named, and what has no stack."""
    look = blocks.look
    if counted == len(look.address) or blocks.process.forked_from:
        return
    named = np.concatenate([rows for _, rows in blocks.heaviest] or [np.zeros(0, np.intp)])
    rest = np.setdiff1d(np.arange(len(look.address)), named)
    lost = rest[look.block_class[rest] <= BlockClass.LOST_UNDER]
    row = sums.setdefault(_OTHERS, [0, 0, 0, 0])
    _add(row, blocks, rest, lost)


def _add(row: list[int], blocks: Blocks, rows: npt.NDArray[np.intp], lost: npt.NDArray[np.intp]) -> None:
    size = blocks.look.size
    figures = len(rows), int(size[rows].sum()), len(lost), int(size[lost].sum())
    row[:] = [before + more for before, more in zip(row, figures)]
