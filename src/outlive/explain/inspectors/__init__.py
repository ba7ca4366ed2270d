"""Inspectors: what one object on a holder path is known to be, and why. One small file for each sort of thing.

An inspector answers only what is *certain* from the heap; anything else is None. Each file's `INSPECTORS` says which
types it knows: an object is shown to those that name its class or one of its bases, nearest first.
"""

from __future__ import annotations

from dataclasses import replace

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors import (
    age,
    asyncio_things,
    classes,
    clients,
    context_variables,
    databases,
    exceptions,
    exit_stacks,
    files,
    generators,
    interpreter,
    iterators,
    logs,
    mocks,
    processes,
    sockets,
    tests,
    threads,
    weak,
)
from outlive.explain.inspectors.answer import Answer, Inspector
from outlive.explain.kinds import kinds_of, plain

# Life as such comes first: what the interpreter keeps, and what is older than the steps, is no step's left-over,
# closed or not. Then what is visibly over. Last, what a step made, and classes.
_FIRST: tuple[Inspector, ...] = (interpreter.inspect, age.older)
_LAST: tuple[Inspector, ...] = (age.newer, classes.inspect)
_FILES = (
    asyncio_things, clients, context_variables, databases, exceptions, exit_stacks, files, generators, iterators,
    logs, mocks, processes, sockets, tests, threads, weak,
)  # fmt: skip
BY_TYPE: dict[str, tuple[Inspector, ...]] = {}
for _file in _FILES:
    for _name, _inspector in _file.INSPECTORS.items():
        BY_TYPE[plain(_name)] = (*BY_TYPE.get(plain(_name), ()), _inspector)


def inspect(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """The first certain answer, or one that only gives a reason to an unknown object, or None."""
    doubtful: Answer | None = None
    for inspector in _inspectors(heap, node):
        answer = inspector(heap, node, context)
        if answer is not None and answer.is_certain:
            return replace(answer, reason=f"{answer.reason}; {doubtful.reason}") if doubtful else answer
        doubtful = doubtful or answer
    return doubtful


def _inspectors(heap: AskedHeap, node: int) -> tuple[Inspector, ...]:
    by_type = tuple(one for kind in kinds_of(heap, node) for one in BY_TYPE.get(kind, ()))
    return (*_FIRST, *by_type, *_LAST)
