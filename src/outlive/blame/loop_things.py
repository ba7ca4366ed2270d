"""Tasks, timers, async generators and transports of loops, and the line or function each is about.

A task and a timer keep the context they were made in, so they tell by themselves whose they are; a generator and a
transport are asked for their stamps. Timers that only wake a sleeping task or time it out are part of that task.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from outlive.blame import births
from outlive.blame.carrying import drivers, harness_loops
from outlive.blame.lives import Thing
from outlive.lifetimes.clock import SCOPE
from outlive.probes import tasks

_OF_TASKS = ("asyncio.futures", "asyncio.timeouts", "asyncio.tasks", "asyncio.locks")


def open_loops() -> Iterator[Any]:
    """The loops that tests were run in and that are not closed."""
    return (loop for loop in list(harness_loops) if not loop.is_closed())


def found(loops: Iterable[Any]) -> Iterator[tuple[Any, Thing]]:
    """All that must end in these loops and is made in somebody's life."""
    loops = list(loops)
    if not loops:
        return
    yield from _tasks(loops)
    for loop in loops:
        yield from _timers(loop)
        yield from _generators(loop)
        yield from _transports(loop)


def is_default_executor(executor: Any) -> bool:
    """Whether a loop made this for `to_thread` and ends it itself."""
    loops = [*harness_loops, _current()]
    return any(getattr(loop, "_default_executor", None) is executor for loop in loops)


def is_current(loop: Any) -> bool:
    """Whether the policy keeps this loop for whoever asks for one: made once, for everybody."""
    return _current() is loop


def _tasks(loops: list[Any]) -> Iterator[tuple[Any, Thing]]:
    for task in tasks.registered():
        number = _scope_of(task) if not task.done() else 0
        if not number or task in drivers:
            continue
        loop = task.get_loop()
        if loop not in loops:
            continue
        coroutine = task.get_coro()
        birth = births.of(task)
        if birth is None or birth.in_library:
            birth = births.of(coroutine) or birth
        yield (
            ("task", id(task)),
            Thing(
                "task",
                f"task {task.get_name()!r} running {getattr(coroutine, '__qualname__', type(coroutine).__name__)}",
                f"made at {birth.place}" if birth is not None else _defined(getattr(coroutine, "cr_code", None)),
                _pending(weakref.ref(task)),
                weakref.ref(task),
                weakref.ref(loop),
                number,
            ),
        )


def _timers(loop: Any) -> Iterator[tuple[Any, Thing]]:
    for handle in list(getattr(loop, "_scheduled", ())):
        callback = getattr(handle, "_callback", None)
        if handle.cancelled() or callback is None:
            continue
        number = handle._context.get(SCOPE, 0)
        function = getattr(callback, "__func__", callback)
        if not number or getattr(function, "__module__", "") in _OF_TASKS:
            continue
        birth = births.of(handle)
        place = _defined(getattr(function, "__code__", None))
        if birth is not None and not birth.in_library:
            place = f"made at {birth.place}"
        name = getattr(function, "__qualname__", type(callback).__qualname__)
        reference = weakref.ref(handle)
        yield (
            ("timer", id(handle)),
            Thing(
                "timer",
                f"timer that will call {name}",
                place,
                _scheduled(reference),
                reference,
                weakref.ref(loop),
                number,
            ),
        )


def _generators(loop: Any) -> Iterator[tuple[Any, Thing]]:
    for steps in list(getattr(loop, "_asyncgens", ())):
        birth = births.of(steps)
        if birth is None or not birth.scope or steps.ag_frame is None or _carries(steps):
            continue
        yield (
            ("generator", id(steps)),
            Thing(
                "generator",
                f"async generator {steps.__qualname__} that was begun and never closed",
                f"made at {birth.place}",
                _suspended(weakref.ref(steps)),
                weakref.ref(steps),
                weakref.ref(loop),
                birth.scope,
            ),
        )


def _transports(loop: Any) -> Iterator[tuple[Any, Thing]]:
    for number, transport in list(dict(getattr(loop, "_transports", ())).items()):
        birth = births.of(transport)
        if birth is None or not birth.scope or transport.is_closing():
            continue
        protocol = type(transport.get_protocol()).__qualname__
        yield (
            ("transport", id(transport)),
            Thing(
                "transport",
                f"{type(transport).__qualname__} with {protocol} on descriptor {number}",
                "" if birth.in_library else f"made at {birth.place}",
                _unclosed(weakref.ref(transport)),
                weakref.ref(transport),
                weakref.ref(loop),
                birth.scope,
                descriptors=frozenset({number}),
            ),
        )


def _carries(steps: Any) -> bool:
    """Whether this is our own generator around a fixture's."""
    return bool(steps.ag_code.co_filename.endswith("blame/carrying.py"))


def _scope_of(task: Any) -> int:
    """The number in the context that a task runs in; 3.10 and 3.11 do not show it, but refer to it."""
    if hasattr(task, "get_context"):
        number: int = task.get_context().get(SCOPE, 0)
        return number
    for one in gc.get_referents(task):
        if type(one) is contextvars.Context:
            return one.get(SCOPE, 0)
    context = getattr(task, "_context", None)
    return 0 if context is None else context.get(SCOPE, 0)


def _current() -> Any:
    policy = getattr(sys.modules.get("asyncio.events"), "_event_loop_policy", None)
    return getattr(getattr(policy, "_local", None), "_loop", None)


def _defined(code: Any) -> str:
    return "" if code is None else f"of {code.co_name}() at {code.co_filename}:{code.co_firstlineno}"


def _pending(reference: Any) -> Any:
    def pending() -> bool:
        task = reference()
        return task is not None and not task.done()

    return pending


def _scheduled(reference: Any) -> Any:
    def scheduled() -> bool:
        handle = reference()
        return handle is not None and not handle.cancelled() and bool(handle._scheduled)

    return scheduled


def _suspended(reference: Any) -> Any:
    def suspended() -> bool:
        steps = reference()
        return steps is not None and steps.ag_frame is not None

    return suspended


def _unclosed(reference: Any) -> Any:
    def unclosed() -> bool:
        transport: asyncio.BaseTransport | None = reference()
        return transport is not None and not transport.is_closing()

    return unclosed
