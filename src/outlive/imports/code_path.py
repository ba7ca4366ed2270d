"""A static analyser's path through the code, as stacks: where the thing was allocated, and where the path ends.

An analyser that looks into calls says at each event how deep it is; the calls that are open at an event are its stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outlive.imports.draft import named, stack
from outlive.imports.limits import FRAMES
from outlive.model.imported import Frame, Stack

_ALLOCATES = ("allocated here", "memory is allocated", "opened here", "acquired here", "file descriptor opened")
_FREES = ("first ‘free’ here", "first 'free' here", "freed here", "memory is released", "deallocated with", "first ")


@dataclass(frozen=True)
class Event:
    """One step of the path."""

    function: str
    file: str
    line: int
    says: str
    depth: int = 1


def stacks_of(events: Sequence[Event], end: Event | None, role: str) -> list[Stack]:
    """The stacks at the allocation, at a first release where one is told, and at the end of the path."""
    found: dict[str, Stack] = {}
    open_calls: dict[int, Event] = {}
    for event in events:
        open_calls[event.depth] = event
        says = event.says.lower()
        if any(word in says for word in _ALLOCATES):
            found.setdefault("allocated", _stack("allocated", event, open_calls))
        elif any(says.startswith(word) for word in _FREES) and event is not events[-1]:
            found.setdefault("freed", _stack("freed", event, open_calls))
    last = end or (events[-1] if events else None)
    if last is not None:
        found[role] = _stack(role, last, open_calls if events and events[-1].depth == last.depth else {})
    first = "allocated" if "allocated" in found else role
    return [found.pop(first, Stack(first)), *found.values()]


def _stack(role: str, event: Event, calls: dict[int, Event]) -> Stack:
    """The event's own place, then the places in its callers from which it was called."""
    outer = [calls[depth] for depth in sorted(calls, reverse=True) if depth < event.depth][:FRAMES]
    return stack(role, [Frame(named(one.function), "", named(one.file), one.line) for one in (event, *outer)])
