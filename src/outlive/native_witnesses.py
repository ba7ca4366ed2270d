"""What else the recorder wrote down: uses of memory that were wrong, open handles of loops, how last pointers went.

Reads what was asked for and gives it names. What cannot be read is a note, never the end of the report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from outlive.capture.blocks import BlockLook
from outlive.capture.broken import load_broken
from outlive.capture.loops import read_loops
from outlive.capture.loss_events import following, loss_events
from outlive.errors import OutliveError
from outlive.explain.native.asking import without_start
from outlive.explain.native.grouping import Group
from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import BlockKind, LostBlocks
from outlive.model.native_end import BrokenUse, LossEvent, NativeCall, OpenHandle
from outlive.model.verdict import Note
from outlive.symbols import places


@dataclass(frozen=True)
class Seen:
    """What the folder of a run tells beside its looks, with names."""

    broken: tuple[BrokenUse, ...] = ()
    handles: tuple[OpenHandle, ...] = ()
    notes: tuple[Note, ...] = ()


def seen_in(folder: Path) -> Seen:
    """All that was written down in this folder."""
    broken: list[BrokenUse] = []
    handles: list[OpenHandle] = []
    notes: list[Note] = []
    try:
        broken += load_broken(folder)
        told = read_loops(folder)
        handles += told.handles
        broken += told.broken
        notes += [Note("loop-busy", words) for words in told.busy]
        notes += [Note("loops", words) for words in told.doubts]
    except (OutliveError, OSError) as error:
        notes.append(Note("not-read", str(error).splitlines()[0]))
    return Seen(tuple(map(_named_use, broken)), tuple(map(_named_handle, handles)), tuple(notes))


def events(look: BlockLook) -> Callable[[Group], tuple[LossEvent, ...]]:
    """How the last pointers of a group of lost blocks of this look went; nothing where they were not followed."""
    if "loss_events" not in look.container.names:
        return lambda group: ()

    def events_of(group: Group) -> tuple[LossEvent, ...]:
        columns = (look.stack, look.site, look.kind)
        origins = np.unique(np.stack([one[group.heads].astype(np.int64) for one in columns]), axis=1).T.tolist()
        found = [event for origin in origins for event in loss_events(look, _origin(look, *origin))]
        sure = [one for one in found if one.sure]
        return tuple(replace(one, at=with_names(one.at)) for one in sure or found)

    return events_of


def doubts(look: BlockLook) -> tuple[Note, ...]:
    """What hinders telling events, though they were asked for."""
    if following(look).get("traps", 1):
        return ()
    words = "no watchpoints were to be had: of lost blocks only who freed what pointed to them was seen"
    return (Note("not-followed", words),)


def with_names(call: NativeCall) -> NativeCall:
    """A call whose frames are places alone, with functions and inlined frames, without what starts a program."""
    frames = tuple(one for frame in call.frames for one in named(frame.module, frame.address, ""))
    return replace(call, frames=without_start(frames))


@lru_cache(maxsize=65536)
def named(module: str, offset: int, build_id: str) -> tuple[NativeFrame, ...]:
    """The functions at a place, innermost first, with files as they lie on disk now."""
    return places.frames(module, offset, build_id)


def _origin(look: BlockLook, stack: int, site: int, kind: int) -> LostBlocks:
    """Who asked, as the events are looked up by."""
    return LostBlocks(0, 0, 0, 0, BlockKind(kind), look.frames(stack), look.lines(site), (), (), (), True)


def _named_use(use: BrokenUse) -> BrokenUse:
    return replace(use, calls=tuple((role, with_names(call)) for role, call in use.calls))


def _named_handle(handle: OpenHandle) -> OpenHandle:
    made, stopped, closed = (
        None if call is None else with_names(call) for call in (handle.made, handle.stopped, handle.closed)
    )
    callback, usual = map(_beginning, (handle.callback, handle.usual))
    return replace(handle, made=made, stopped=stopped, closed=closed, callback=callback, usual=usual)


def _beginning(frame: NativeFrame | None) -> NativeFrame | None:
    """The function that begins at a place."""
    return None if frame is None else places.frames(frame.module, frame.address, is_call=False)[-1]
