"""Marks what a tool has said of one run against the truth table. Runs nothing.

Five questions, each asked only where the one before it makes sense:

- found: is there a finding of the right kind? Of the right program: silence.
- figure: the application's bytes, and its blocks where the tool counts them, to the byte.
- allocation: every function that allocated what was lost stands in a stack of the finding.
- event: is the place named where the mistake is made, or where the last pointer goes? A tool that tells of an event
  names it where such a place is, for each loss, the function of one, or its caller. "in stack" means that it stands in
  every stack of the finding, among many others, because it also led there. For a broken free or
  a recursion the tool shows where it happened, which is a yes.
- phase: runtime, shutdown or test, said of every loss?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specimens.swarm.answer import Answer, Lost, Stack
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
    phase = _word(all(one.phase == fault.category for one in answer.application))
    return Mark(said(answer), YES, _word(exact), _word(allocated), _event(answer.application, fault.causes), phase)


def _event(lost: Sequence[Lost], causes: Sequence[str]) -> str:
    if all(any(_has(_named(event), causes) for event in one.events) for one in lost):
        return YES
    in_stack = all(any(_has(stack, causes) for stack in (one.stack, *one.events)) for one in lost)
    return IN_STACK if in_stack else NO


def _named(event: Stack) -> Stack:
    """The function of the program's own in which it happened, and the one that called it."""
    return tuple(frame for frame in event if frame.file)[:2]


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
