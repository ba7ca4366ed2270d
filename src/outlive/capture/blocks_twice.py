"""What two looks at one process say together: lost in both, or not said to be lost.

A block that is being handed from one owner to the next may be in nobody's sight for the moment of one look; it is not
twice. And a pointer may stand in a register of a thread that the look has not read: at most six of them a thread, so a
group of blocks is *certain* only where it is larger than what those could hold.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from outlive.capture.blocks import BlockLook, Numbers
from outlive.errors import OutliveError
from outlive.model.native_blocks import BlockClass, BlockKind, LostBlocks

REGISTERS_KEPT = 6
"""Registers that a called function must leave as they are, and the kernel keeps for a waiting thread."""
ADDRESSES_SHOWN = 10


class NotTwice(OutliveError):
    """The two looks are not of one process, in order."""

    slug = "looks-of-two-processes"


def rows_lost_in_both(first: BlockLook, second: BlockLook) -> Numbers:
    """Rows of `second` that are lost and were the same block, and lost, in `first`."""
    if first.facts["pid"] != second.facts["pid"] or first.facts["tick"] > second.facts["tick"]:
        raise NotTwice(
            f"{second.path} is not a later look at the process of {first.path}",
            why=f"processes {first.facts['pid']} and {second.facts['pid']}",
            hint="take two looks at one process, and give the earlier one first",
        )
    lost = _lost(second)
    if not len(first.address):
        return lost[:0]
    place = np.minimum(np.searchsorted(first.address, second.address[lost]), len(first.address) - 1)
    same = (first.address[place] == second.address[lost]) & (first.tick[place] == second.tick[lost])
    both: Numbers = lost[same & (first.block_class[place] <= BlockClass.LOST_UNDER)]
    return both


def _lost(look: BlockLook) -> Numbers:
    return np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER).astype(np.uint64)


def lost_blocks(first: BlockLook, second: BlockLook, *, since_step: int = 0) -> tuple[LostBlocks, ...]:
    """What is lost in both looks, by who asked for it, most bytes first.

    `since_step`: only blocks asked for in this step or a later one. Blocks under a lost one are counted with it.
    """
    rows = rows_lost_in_both(first, second)
    rows = rows[second.step[rows] >= since_step]
    heads = rows[second.block_class[rows] == BlockClass.LOST]
    under = rows[second.block_class[rows] == BlockClass.LOST_UNDER]
    under_count: Counter[int] = Counter()
    under_bytes: Counter[int] = Counter()
    known = {int(second.address[row]) for row in heads}
    for row in under:
        root = int(second.root[row])
        if root in known:
            under_count[root] += 1
            under_bytes[root] += int(second.size[row])
    groups: dict[tuple[tuple[int, ...], int, int], list[int]] = {}
    asked = {int(stack): second.callers_outside_python(int(stack)) for stack in np.unique(second.stack[heads])}
    for row in heads:
        key = asked[int(second.stack[row])], int(second.site[row]), int(second.kind[row])
        groups.setdefault(key, []).append(int(row))
    found = [_described(second, members, under_count, under_bytes) for members in groups.values()]
    return tuple(sorted(found, key=lambda group: (-(group.bytes + group.under_bytes), -group.count)))


def _described(
    look: BlockLook,
    rows: list[int],
    under_count: Counter[int],
    under_bytes: Counter[int],
) -> LostBlocks:
    one = rows[0]
    addresses = [int(look.address[row]) for row in rows]
    return LostBlocks(
        count=len(rows),
        bytes=sum(int(look.size[row]) for row in rows),
        under_count=sum(under_count[address] for address in addresses),
        under_bytes=sum(under_bytes[address] for address in addresses),
        kind=BlockKind(int(look.kind[one])),
        stack=look.frames(int(look.stack[one])),
        lines=look.lines(int(look.site[one])),
        steps=tuple(sorted({int(look.step[row]) for row in rows})),
        threads=tuple(sorted({int(look.thread[row]) for row in rows})),
        addresses=tuple(addresses[:ADDRESSES_SHOWN]),
        certain=len(rows) > REGISTERS_KEPT * look.facts["registers_unread"],
    )
