"""The lost blocks of one process, by who asked for them, each with what is lost under it.

A group is what one function asked for when one other called it. Of several lost blocks that point to each other in a
circle the scan has made one the head; what hangs on the head is counted under it and its origin kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from outlive.capture.blocks import BlockLook
from outlive.explain.native.asking import Asked, asked
from outlive.explain.native.looked import NOT_MADE, Named, Process, Rows, class_before, is_lost
from outlive.explain.native.whose import is_c_library
from outlive.explain.native.wrappers import Function, Request, has_wrappers_name, wrappers
from outlive.model.native_blocks import BlockClass
from outlive.symbols.allocators import is_allocator

_MOST_NAMED = 200
"""Stacks that are named for the wrappers and the totals, those with the most bytes first: names cost time."""


@dataclass(frozen=True)
class Group:
    """Rows of the final look: `heads` are lost, `under` only they hold. `before`: what the heads were in the last look
    while the program worked, as `BlockClass` or NOT_MADE; None where there is no such look."""

    asked: Asked
    heads: Rows
    under: Rows
    before: npt.NDArray[np.int8] | None = None


class Blocks:
    """Who asked for each block of the final look of a process."""

    def __init__(self, process: Process, named: Named) -> None:
        self.process = process
        self.look: BlockLook = process.final.look
        self._named = named
        self._asked: dict[tuple[int, int], Asked] = {}

    def who(self, row: int) -> Asked:
        key = int(self.look.stack[row]), int(self.look.site[row])
        if key not in self._asked:
            self._asked[key] = asked(self._named(self.look, key[0]), self.look.lines(key[1]), self._wrappers)
        return self._asked[key]

    @cached_property
    def heaviest(self) -> list[tuple[int, Rows]]:
        """Stacks with their rows, most bytes first."""
        order = np.argsort(self.look.stack, kind="stable")
        for parent in self.process.forked_from:  # what is a copy is counted where it was made
            before = class_before(self.look, order, parent.look)
            order = order[before == NOT_MADE]
        numbers, begins = np.unique(self.look.stack[order], return_index=True)
        parts = np.split(order, begins[1:]) if len(numbers) else []
        pairs = [(int(number), part) for number, part in zip(numbers.tolist(), parts)]
        pairs.sort(key=lambda pair: -int(self.look.size[pair[1]].sum()))
        return [pair for pair in pairs if pair[0]][:_MOST_NAMED]

    @cached_property
    def _wrappers(self) -> frozenset[Function]:
        return wrappers(request for number, rows in self.heaviest for request in self._requests(number, rows))

    def _requests(self, stack: int, rows: Rows) -> list[Request]:
        frames = self._named(self.look, stack)
        outside = (one for one in frames if not is_c_library(one.module))
        out = [one for one in outside if has_wrappers_name(one.function) or not is_allocator(one.function)]
        if not out:
            return []
        caller = out[1] if len(out) > 1 else None
        return [Request(out[0], caller, int(size)) for size in np.unique(self.look.size[rows]).tolist()]


def lost_rows(process: Process) -> Rows:
    """Rows of the final look that are lost, under others too; of one that was not at the end those that were lost in
    the look before as well, for a block may be out of sight in the moment it is handed over. None that the process
    that forked it answers for."""
    look = process.final.look
    rows = np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER)
    for parent in process.forked_from:
        before = class_before(look, rows, parent.look)
        threaded = parent.look.facts["threads"] > 1
        rows = rows[(before == NOT_MADE) | (~is_lost(before) & (not threaded))]
    if process.ended:
        return rows
    if process.before is None:
        return rows[:0]
    return rows[is_lost(class_before(look, rows, process.before.look))]


def grouped(blocks: Blocks) -> list[Group]:
    """All groups of a process."""
    look, process = blocks.look, blocks.process
    rows = lost_rows(process)
    heads = rows[look.block_class[rows] == BlockClass.LOST]
    under = rows[look.block_class[rows] == BlockClass.LOST_UNDER]
    roots = _rows_of(look, look.root[under], heads)
    # What hangs on a lost object of Python has no block for a root, and is a head itself.
    heads = np.concatenate([heads, under[roots < 0]])
    under, roots = under[roots >= 0], roots[roots >= 0]
    origins = by_origin(blocks, heads)
    group_of = np.full(len(look.address), -1, np.intp)
    for at, members in enumerate(origins.values()):
        group_of[members] = at
    return [
        Group(who, members, under[group_of[roots] == at], _before(process, members))
        for at, (who, members) in enumerate(origins.items())
    ]


def by_origin(blocks: Blocks, rows: Rows) -> dict[Asked, Rows]:
    """The same rows by who asked, the most first; of origins with one key the first stands for all."""
    look = blocks.look
    pairs = look.stack[rows].astype(np.uint64) << np.uint64(32) | look.site[rows].astype(np.uint64)
    _, first, numbers = np.unique(pairs, return_index=True, return_inverse=True)
    known: dict[tuple[str, ...], Asked] = {}
    whose = [known.setdefault(who.key, who) for who in (blocks.who(int(rows[at])) for at in first.tolist())]
    places = {who.key: at for at, who in enumerate(known.values())}
    of_pair = np.array([places[who.key] for who in whose], np.intp)
    of_row = of_pair[numbers.reshape(-1)] if len(rows) else np.zeros(0, np.intp)
    found = {who: rows[of_row == at] for at, who in enumerate(known.values())}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _rows_of(look: BlockLook, addresses: npt.NDArray[np.unsignedinteger[Any]], heads: Rows) -> Rows:
    """The rows among `heads` with these addresses; -1 for none."""
    if len(heads) == 0:
        return np.full(len(addresses), -1, np.intp)
    ordered = np.sort(heads)
    places = np.minimum(np.searchsorted(look.address[ordered], addresses), len(ordered) - 1)
    return np.where(look.address[ordered[places]] == addresses, ordered[places], -1)


def _before(process: Process, rows: Rows) -> npt.NDArray[np.int8] | None:
    return None if process.before is None else class_before(process.final.look, rows, process.before.look)
