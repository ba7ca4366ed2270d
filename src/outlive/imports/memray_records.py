"""memray's records, as its own reader gives them: what was not given back when the recording ended.

Takes plain rows, so that memray itself is imported elsewhere. *Unfreed*, and no more: memray does not look who points
to what. Names of native calls are looked up by memray when the file is read, in the libraries as they are then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outlive.imports.draft import Draft, named, stack
from outlive.imports.limits import LARGEST
from outlive.model.imported import Frame, Loss, Report

_UNKNOWN = ("<unknown>", "???")
Call = tuple[str, str, int]


@dataclass(frozen=True)
class Recording:
    """What the capture says of itself. `ended`: memray has closed it."""

    command: str = ""
    pid: int = 0
    version: str = ""
    native: bool = False
    ended: bool = False
    broken: str = ""


def read(file: str, recording: Recording, rows: Iterable[tuple[int, int, Sequence[Call]]]) -> list[Report]:
    """One report. A row is size, number of allocations, and calls (function, file, line), innermost first."""
    draft = Draft(file, "memray", "memray", recording.pid)
    draft.command, draft.version = recording.command, recording.version
    for size, count, calls in rows:
        frames = [_frame(*one) for one in calls]
        sound = 0 <= size <= LARGEST and 0 <= count <= LARGEST
        draft.claim(
            "leak",
            [stack("allocated", frames)],
            loss=Loss.UNFREED,
            count=count if sound else -1,
            bytes=size if sound else -1,
        )
    draft.whole = recording.ended and not recording.broken
    draft.clean = not draft.claims
    if recording.broken:
        draft.trouble(f"memray's reader stopped: {recording.broken}")
    elif not recording.ended:
        draft.trouble(
            "memray compresses what it closes, and this is not, or is cut: the program was killed, or still runs,"
            " or it was recorded with --no-compress"
        )
    if not recording.native:
        draft.trouble("recorded without --native: calls of C are not in it")
    return [draft.report()]


def _frame(function: str, file: str, line: int) -> Frame:
    name = "" if function in _UNKNOWN else function
    return Frame(named(name), "", named("" if file in _UNKNOWN else file), max(line, 0))
