"""Marks what a tool has said of one run against the truth table. Runs nothing.

Five questions, each asked only where the one before it makes sense:

- found: is there a finding of the right kind? Of the right program: silence.
- figure: the application's bytes, and its blocks where the tool counts them, to the byte.
- allocation: every function that allocated what was lost stands in a stack of the finding.
- event: is the place named where the mistake is made, or where the last pointer goes? For a leak no tool here says such
  a thing; "in stack" means that such a place stands in every stack of the finding, among many others, because it also
  led to the allocation. For a broken free or a recursion the tool shows where it happened, which is a yes.
- phase: runtime, shutdown or test? None of these tools says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specimens.swarm.answer import Answer, Stack
from specimens.swarm.faults import Fault

YES, NO, IN_STACK, NOT_ASKED = "yes", "no", "in stack", "-"


@dataclass(frozen=True)
class Mark:
    """One cell of the table. `said` is the tool's finding in short."""

    said: str
    found: str = NO
    figure: str = NOT_ASKED
    allocation: str = NOT_ASKED
    event: str = NOT_ASKED
    phase: str = NOT_ASKED


def mark_right(answer: Answer) -> Mark:
    """Of the program with all switches off; found is "no" when it accuses."""
    return Mark(said(answer), YES if answer.is_silent else NO)


def mark(answer: Answer, fault: Fault) -> Mark:
    if answer.failed:
        return Mark(answer.failed)
    return _mark_leak(answer, fault) if fault.is_leak else _mark_harm(answer, fault)


def _mark_leak(answer: Answer, fault: Fault) -> Mark:
    if not answer.application:
        return Mark(said(answer))
    blocks = answer.application_blocks
    exact = answer.application_bytes == fault.total_bytes and blocks in (None, fault.total_blocks)
    named = {frame.function for one in answer.application for frame in one.stack}
    allocated = all(part.allocated in named for part in fault.parts)
    event = IN_STACK if all(_has(one.stack, fault.causes) for one in answer.application) else NO
    return Mark(said(answer), YES, _word(exact), _word(allocated), event, NO)


def _mark_harm(answer: Answer, fault: Fault) -> Mark:
    right = [one for one in answer.harm if one.kind == fault.kind]
    if not right:
        return Mark(said(answer))
    event = _word(any(_has(one.stack, fault.causes) for one in right))
    return Mark(said(answer), YES, event=event, phase=NO)


def _has(stack: Stack, places: Sequence[str]) -> bool:
    return any(frame.place in places for frame in stack)


def _word(true: bool) -> str:
    return YES if true else NO


def said(answer: Answer) -> str:
    if answer.failed:
        return answer.failed
    parts = [f"{one.kind}" for one in answer.harm[:1]]
    if answer.application:
        blocks = answer.application_blocks
        parts.append(f"{answer.application_bytes:,} B" + ("" if blocks is None else f" in {blocks}"))
    library = sum(one.bytes for one in answer.lost if one.by_library)
    if library:
        parts.append(f"{library:,} B of libraries")
    return ", ".join(parts) or "nothing"
