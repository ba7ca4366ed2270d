"""The events that took last pointers away, out of a look that was asked to say why blocks are lost.

Knows the columns `loss_events` and `loss_facts` (docs/reference/blocks-format.md), and when an event may be told of a
group of lost blocks: a *sure* one was seen with a block that is lost in this very look; a *note* says that a block was
freed while it pointed to a lost one, and that nobody has looked whether that was the only pointer. Refuses to know
names of functions: frames are module and offset, for whoever has the symbols.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce

import numpy as np

from outlive.capture.blocks import BlockLook
from outlive.errors import OutliveError
from outlive.model import explanation
from outlive.model.native_blocks import BlockClass, LostBlocks
from outlive.model.native_end import LossEvent, NativeCall

_FIELDS = (
    "loss", "sure", "address", "tick", "head", "head_tick", "origin", "place", "when", "step", "thread", "stack",
    "site", "by_result",
)  # fmt: skip
_FACTS = ("format", "traps", "scans", "cost_us", "waited_us", "followed", "lost", "given_up")
_NAMED_FRAMES, _SURE, _UNSEEN = 4, 1, 2
_HASH_FROM, _HASH_BY, _WORD = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1


class Loss(IntEnum):
    PARENT_FREED = 1
    OVERWRITTEN = 2
    DISCARDED = 3


_Same = tuple[Loss, bool, bool, bool, tuple[int, ...], int]
_KINDS = {Loss.PARENT_FREED: "parent freed", Loss.OVERWRITTEN: "overwritten", Loss.DISCARDED: "discarded"}
_WORDS = {
    Loss.PARENT_FREED: "freed the block that held the only pointer",
    Loss.OVERWRITTEN: "wrote over the last pointer",
    Loss.DISCARDED: "returned with the only pointer in a variable of its own",
}
_BY_RESULT = "returned without having kept the pointer that the call had given back"
_UNSEEN_WORDS = {
    Loss.PARENT_FREED: "freed a block that held it; a function further out had it, and it was lost when that returned",
    Loss.OVERWRITTEN: "wrote over it; a function further out had it, and it was lost when that returned",
    Loss.DISCARDED: "had it in a variable, and it was lost when this returned; what it called was not watched",
}
_NOTE = "freed a block that pointed to it; whether that was the only pointer was not looked at"


@dataclass(frozen=True)
class RawEvent:
    """One event, in the look's own numbers: `stack` for `BlockLook.frames`, `site` for `BlockLook.lines`.

    `sure`: a scan before it found the block held, a scan after it lost, and nothing between was out of sight.
    `unseen`: that is so but for the last; neither: a note, of a parent that was freed. `place`: the block that was
    freed, or the word that was written; else 0. `by_result`: the pointer was last in the register of a result.
    """

    loss: Loss
    sure: bool
    unseen: bool
    address: int
    tick: int
    origin: int
    place: int
    when: int
    step: int
    thread: int
    stack: int
    site: int
    by_result: bool = False


def following(look: BlockLook) -> dict[str, int]:
    """What following blocks took and gave: `traps` 0: no debug registers, notes only. Empty: it was not asked for."""
    if "loss_facts" not in look.container.names:
        return {}
    return dict(zip(_FACTS, look.container.column("loss_facts").tolist()))


def events_of(look: BlockLook) -> dict[int, tuple[RawEvent, ...]]:
    """Events of blocks that are lost in this look, by the block's row: sure ones first, each in the order of time."""
    found: dict[int, list[RawEvent]] = {}
    rows = _lost_rows(look)
    for values in _rows(look):
        one = dict(zip(_FIELDS, values))
        at_head = rows.get((one["head"], one["head_tick"]))
        row = rows.get((one["address"], one["tick"])) if at_head is None else at_head
        if row is not None and one["loss"] in _KINDS:
            found.setdefault(row, []).append(_raw(one))
    return {row: tuple(sorted(events, key=_best_first)) for row, events in found.items()}


def _best_first(event: RawEvent) -> tuple[bool, bool, int]:
    return not event.sure, not event.unseen, event.when


def loss_events(look: BlockLook, lost: LostBlocks) -> tuple[LossEvent, ...]:
    """How the last pointers to these blocks went, seen most often first. () where nothing was seen.

    Of one kind and place once. Where a sure event is known of a group, no note is told beside it.
    """
    rows = _rows_of(look, lost)
    of_row = events_of(look)
    seen = [event for row in rows for event in of_row.get(row, ())[:1]]
    sure = [event for event in seen if event.sure]
    unseen = [event for event in seen if event.unseen]
    return _told(look, sure or unseen or seen)


def origins_of(look: BlockLook, rows: Iterable[int]) -> list[str]:
    """Names of the stacks that asked for these blocks, the same in every run: lines for the file of `known_lost`."""
    ends, frames = look.container.column("stack_ends"), look.container.column("stack_frames")
    named = set()
    for stack in {int(look.stack[row]) for row in rows} - {0}:
        innermost = frames[int(ends[stack - 1]) : int(ends[stack])].tolist()[:_NAMED_FRAMES]
        named.add(f"{reduce(_mixed, (_offset(look, address) for address in innermost), _HASH_FROM):x}")
    return sorted(named)


def _offset(look: BlockLook, address: int) -> int:
    module = look.module_at(address)
    return address - module.bias if module is not None else address


def _mixed(name: int, offset: int) -> int:
    return ((name ^ offset) * _HASH_BY) & _WORD


def _rows(look: BlockLook) -> list[list[int]]:
    if "loss_events" not in look.container.names:
        return []
    column = look.container.column("loss_events")
    if len(column) % len(_FIELDS):
        raise OutliveError(f"{look.path}: a row of an event is cut off")
    rows: list[list[int]] = column.reshape(-1, len(_FIELDS)).tolist()
    return rows


def _raw(one: dict[str, int]) -> RawEvent:
    return RawEvent(
        loss=Loss(one["loss"]),
        sure=one["sure"] == _SURE,
        unseen=one["sure"] == _UNSEEN,
        address=one["address"],
        tick=one["tick"],
        origin=one["origin"],
        place=one["place"],
        when=one["when"],
        step=one["step"],
        thread=one["thread"],
        stack=one["stack"],
        site=one["site"],
        by_result=bool(one["by_result"]),
    )


def _lost_rows(look: BlockLook) -> dict[tuple[int, int], int]:
    lost = np.flatnonzero(look.block_class <= BlockClass.LOST_UNDER)
    return {(int(look.address[row]), int(look.tick[row])): int(row) for row in lost}


def _rows_of(look: BlockLook, lost: LostBlocks) -> list[int]:
    """The rows of a group: lost, by themselves, and asked for as the group was."""
    stacks = {
        int(stack)
        for stack in np.unique(look.stack)
        if look.frames(int(stack)) == lost.stack or _outside(look, int(stack)) == _outside_of(look, lost)
    }
    rows = np.flatnonzero(look.block_class == BlockClass.LOST).tolist()
    return [
        row
        for row in rows
        if int(look.stack[row]) in stacks
        and int(look.kind[row]) == lost.kind
        and look.lines(int(look.site[row])) == lost.lines
    ]


def _outside(look: BlockLook, stack: int) -> tuple[int, ...]:
    return look.callers_outside_python(stack)


def _outside_of(look: BlockLook, lost: LostBlocks) -> tuple[int, ...]:
    """As `BlockLook.callers_outside_python` of the group's stack."""
    python = look.module_at(look.facts["python_code"])
    found: list[int] = []
    for frame in lost.stack:
        if python is not None and frame.module is python:
            return (*found, python.start)
        found.append(frame.address)
    return tuple(found)


def _told(look: BlockLook, events: list[RawEvent]) -> tuple[LossEvent, ...]:
    counted: Counter[_Same] = Counter()
    first: dict[_Same, RawEvent] = {}
    for event in events:
        innermost = tuple(frame.address for frame in look.frames(event.stack)[:_NAMED_FRAMES])
        key = (event.loss, event.sure, event.unseen, event.by_result, innermost, event.site)
        counted[key] += 1
        first.setdefault(key, event)
    return tuple(
        LossEvent(
            kind=_KINDS[event.loss],
            at=_call(look, event),
            sure=event.sure,
            count=count,
            words=_words(event),
        )
        for event, count in ((first[key], count) for key, count in counted.most_common())
    )


def _words(event: RawEvent) -> str:
    if event.unseen:
        return _UNSEEN_WORDS[event.loss]
    if not event.sure:
        return _NOTE
    return _BY_RESULT if event.by_result else _WORDS[event.loss]


def _call(look: BlockLook, event: RawEvent) -> NativeCall:
    frames = tuple(
        explanation.NativeFrame("" if frame.module is None else frame.module.path, frame.offset)
        for frame in look.frames(event.stack)
    )
    return NativeCall(frames=frames, lines=look.lines(event.site), thread=event.thread)
