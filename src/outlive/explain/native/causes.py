"""The losses of a process, one for each mistake. Puts together what the other files here find out.

What a system library or another library lost once is told and fails nothing. *Once* means that all were made before the
first of several looks while the program worked; or that no call path made more than one of them, and that all were made
before the last such look, or are one. A library's loss that grows is never harmless, for then its caller may be the one
who forgets.

Few lost blocks beside other threads are told as not certain: a pointer may stand in a register that no look can see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from outlive.capture.blocks_twice import REGISTERS_KEPT
from outlive.explain.fingerprint import digest
from outlive.explain.native.asking import Asked
from outlive.explain.native.folding import Mistake, mistakes
from outlive.explain.native.grouping import Blocks, Group, by_origin, grouped
from outlive.explain.native.when import When, when
from outlive.explain.native.whose import owner_of, owner_of_line
from outlive.explain.native.words import remedy, sentence
from outlive.model.explanation import Owner, OwnerKind
from outlive.model.native_blocks import BlockKind
from outlive.model.native_end import LossEvent, NativeCall, NativeLoss

EventsOf = Callable[[Group], tuple[LossEvent, ...]]
OwnerOf = Callable[[str, str], Owner]
_MOST_PARTS = 12


def no_events(_group: Group) -> tuple[LossEvent, ...]:
    """Where nothing was followed."""
    return ()


def losses(blocks: Blocks, *, events_of: EventsOf = no_events, owner_of: OwnerOf = owner_of) -> tuple[NativeLoss, ...]:
    """All of a process, what matters most first."""
    found = [_loss(one, blocks, owner_of) for one in mistakes(grouped(blocks), blocks, events_of)]
    return ranked(found)


def ranked(found: Sequence[NativeLoss]) -> tuple[NativeLoss, ...]:
    """What fails something before what does not, the program's own before others', the most bytes first."""

    def order(one: NativeLoss) -> tuple[bool, bool, bool, int]:
        return one.harmless, not one.certain, one.owner.kind is not OwnerKind.YOURS, -one.bytes - one.under_bytes

    return tuple(sorted(found, key=order))


def _loss(mistake: Mistake, blocks: Blocks, owner_of: OwnerOf) -> NativeLoss:
    process, look = blocks.process, blocks.look
    lead = mistake.groups[0]
    heads = np.concatenate([group.heads for group in mistake.groups])
    under = np.concatenate([group.under for group in mistake.groups])
    at = when(mistake.groups, process)
    line = lead.asked.line
    owner = owner_of(lead.asked.module, process.program) if line is None else owner_of_line(line.file)
    found = NativeLoss(
        what=lead.asked.what,
        count=len(heads),
        bytes=int(look.size[heads].sum()),
        under_count=len(under),
        under_bytes=int(look.size[under].sum()),
        kind=BlockKind(int(look.kind[lead.heads[0]])),
        made=_call(lead.asked, int(lead.heads[0]), blocks),
        category=at.category,
        when_known=at.known,
        owner=owner,
        events=mistake.events,
        certain=len(heads) > REGISTERS_KEPT * max(0, look.facts["threads"] - 1),
        evidence=_evidence(at, blocks),
        fingerprint=_fingerprint(mistake, at),
        harmless=_is_once(mistake, blocks, owner),
        parts=_parts(mistake, blocks, at),
        caller=_caller(mistake.groups),
        processes=(process.pid,),
    )
    return told(found)


def told(loss: NativeLoss) -> NativeLoss:
    """With its sentence and what to do."""
    return replace(loss, sentence=sentence(loss), remedy=remedy(loss))


def _call(who: Asked, row: int, blocks: Blocks) -> NativeCall:
    look = blocks.look
    return NativeCall(who.frames, look.lines(int(look.site[row])), int(look.thread[row]))


def _caller(groups: Sequence[Group]) -> str:
    callers = dict.fromkeys(one.asked.caller.function for one in groups if one.asked.caller is not None)
    return next(iter(callers)) if len(callers) == 1 else ""


def _evidence(at: When, blocks: Blocks) -> tuple[str, ...]:
    threads = blocks.look.facts["threads"]
    beside = f"{threads - 1} other threads" if threads > 2 else "another thread"
    doubt = f"{beside} lived, in whose registers pointers to few blocks may stand" if threads > 1 else ""
    return tuple(line for line in (at.evidence, doubt) if line)


def _fingerprint(mistake: Mistake, at: When) -> str:
    """Of functions only. Where several callers are folded into one mistake, the maker alone is its identity."""
    module, by, caller = mistake.groups[0].asked.key
    callers = {group.asked.key[2] for group in mistake.groups}
    return digest("native", module, by, caller if len(callers) == 1 else "")


def _is_once(mistake: Mistake, blocks: Blocks, owner: Owner) -> bool:
    if owner.kind not in (OwnerKind.SYSTEM, OwnerKind.LIBRARY, OwnerKind.INTERPRETER):
        return False
    look, process = blocks.look, blocks.process
    heads = np.concatenate([group.heads for group in mistake.groups])
    last_made = int(look.tick[heads].max())
    before, first = process.before, process.takes[0]
    if before is not None and first is not before and last_made <= first.look.facts["tick"]:
        return True
    paths = np.unique(np.stack([look.stack[heads], look.site[heads]]), axis=1)
    settled = before is None or last_made <= before.look.facts["tick"]
    return paths.shape[1] == len(heads) and (len(heads) == 1 or settled)


def _parts(mistake: Mistake, blocks: Blocks, at: When) -> tuple[NativeLoss, ...]:
    """Of what it consists, by who asked: its heads and what is lost under them; () where that is one thing."""
    look = blocks.look
    heads = np.concatenate([group.heads for group in mistake.groups])
    origins = by_origin(blocks, np.concatenate([heads, *(group.under for group in mistake.groups)]))
    if len(origins) < 2:
        return ()
    found = []
    for who, members in list(origins.items())[:_MOST_PARTS]:
        own = np.intersect1d(members, heads, assume_unique=True)
        under = np.setdiff1d(members, heads, assume_unique=True)
        found.append(
            NativeLoss(
                what=who.what,
                count=len(own),
                bytes=int(look.size[own].sum()),
                under_count=len(under),
                under_bytes=int(look.size[under].sum()),
                kind=BlockKind(int(look.kind[members[0]])),
                made=_call(who, int(members[0]), blocks),
                category=at.category,
                when_known=at.known,
                fingerprint=digest("native", *who.key),
                caller=who.caller.function if who.caller is not None else "",
            )
        )
    return tuple(found)
