"""libuv's list of handles: `[RAI] type 0xaddress`, by uv_print_all_handles.

A handle that is there may be in use, and the list has no end mark: *unfreed*, and never known to be whole.
"""

from __future__ import annotations

import re

from outlive.imports.draft import Draft, below
from outlive.imports.lines import Lines
from outlive.model.imported import Frame, Loss, Report, Stack

HANDLE = re.compile(r"^\[([R-])([A-])([I-])\] +(\w{1,30}) +0x([0-9a-fA-F]{1,16})$")
_BUSY = re.compile(r"\bEBUSY\b")
_MOST = 100_000


def read(file: str, lines: Lines) -> list[Report]:
    """One report; handles of one kind and state are one claim. libuv's own are left out."""
    draft = Draft(file, "libuv", "libuv")
    seen: dict[str, tuple[str, str]] = {}
    internal = 0
    for line in lines:
        found = HANDLE.match(line.strip())
        if found and found[5] not in seen and len(seen) < _MOST:
            seen[found[5]] = (found[4], _state(found[1], found[2]))
            if found[3] == "I":
                internal += 1
                seen[found[5]] = ("", "")
        elif _BUSY.search(line):
            draft.trouble("uv_loop_close said busy: handles were not closed, or their close callbacks had not run")
    counts: dict[tuple[str, str], int] = {}
    for one in seen.values():
        counts[one] = counts.get(one, 0) + 1
    for (kind, state), count in counts.items():
        if kind:
            stacks = [Stack("open", (Frame(f"uv_{kind}_t"), Frame(state)))]
            draft.claim("handle-open", stacks, resource="libuv-handle", loss=Loss.UNFREED, count=count, text=state)
    if internal:
        draft.trouble(f"{internal:,} handles are libuv's own and are not told")
    draft.trouble("a list of handles has no end mark: whether all are here is not known")
    return [below(draft.report(), lines)]


def _state(referenced: str, active: str) -> str:
    """What the marks mean for the loop."""
    if active == "A":
        return "active, keeps the loop alive" if referenced == "R" else "active, unreferenced"
    return "stopped, not closed"
