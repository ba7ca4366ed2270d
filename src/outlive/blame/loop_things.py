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
from outlive.blame.carrying import drivers, harness_loops, known_loops
from outlive.blame.lives import Thing
from outlive.lifetimes.clock import SCOPE
from outlive.probes import tasks

_OF_TASKS = ("asyncio.futures", "asyncio.timeouts", "asyncio.tasks", "asyncio.locks")


def open_loops() -> Iterator[Any]:
    """The loops that are not closed, whoever made them."""
    return (
        loop
        for loop in [*known_loops, *(one for one in harness_loops if one not in known_loops)]
        if not loop.is_closed()
    )


def to_turn(bound: Iterable[Any]) -> Iterator[Any]:
    """The loops to turn before anybody is blamed: those that tests were run in, and those that something waits in."""
    return (loop for loop in {*harness_loops, *bound} - {None} if not loop.is_closed())


def note_living() -> None:
    """Know the loops that are there already."""
    known_loops.update(one for one in gc.get_objects() if issubclass(type(one), asyncio.BaseEventLoop))


def found(loops: Iterable[Any], *, only: bool = False) -> Iterator[tuple[Any, Thing]]:
    """All that must end in these loops and is made in somebody's life; tasks of others, too, but for `only`."""
    loops = list(loops)
    yield from _tasks(loops if only else None)
    for loop in loops:
        yield from _timers(loop)
        yield from _generators(loop)
        yield from _transports(loop)


def is_default_executor(executor: Any) -> bool:
    """Whether a loop made this for `to_thread` and ends it itself."""
    loops = [*known_loops, *harness_loops, _current()]
    return any(_has_executor(loop, executor) for loop in loops if loop is not None)


def _has_executor(loop: Any, executor: Any) -> bool:
    """Also of uvloop's, which does not show its own, but refers to it."""
    if hasattr(loop, "_default_executor"):
        return loop._default_executor is executor
    return any(one is executor for one in gc.get_referents(loop))


def is_current(loop: Any) -> bool:
    """Whether the policy keeps this loop for whoever asks for one: made once, for everybody."""
    return _current() is loop


def _tasks(loops: list[Any] | None) -> Iterator[tuple[Any, Thing]]:
    """Also those of a loop that is closed: they never end."""
    for task in tasks.registered():
        number = _scope_of(task) if not task.done() else 0
        if not number or task in drivers:
            continue
        loop = task.get_loop()
        known_loops.add(loop)
        if loops is not None and loop not in loops:
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
    for handle, callback, context in _scheduled_in(loop):
        number = context.get(SCOPE, 0)
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
                _scheduled(reference) if hasattr(handle, "_scheduled") else _scheduled_natively(reference),
                reference,
                weakref.ref(loop),
                number,
            ),
        )


def _scheduled_in(loop: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(handle, callback, context) of each timer; uvloop does not show its own, but refers to them."""
    if hasattr(loop, "_scheduled"):
        for handle in list(loop._scheduled):
            if not handle.cancelled() and handle._callback is not None:
                yield handle, handle._callback, handle._context
        return
    for held in gc.get_referents(loop):
        for handle in list(held) if type(held) is set else ():
            if type(handle).__qualname__ == "TimerHandle" and not handle.cancelled():
                parts = gc.get_referents(handle)
                context = next((one for one in parts if type(one) is contextvars.Context), None)
                if context is not None:
                    yield handle, next((one for one in parts if callable(one)), None), context


def _generators(loop: Any) -> Iterator[tuple[Any, Thing]]:
    begun = getattr(loop, "_asyncgens", None)
    if begun is None:
        begun = next((one for one in gc.get_referents(loop) if type(one) is weakref.WeakSet), ())
    for steps in list(begun):
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


def _scheduled_natively(reference: Any) -> Any:
    def scheduled() -> bool:
        handle = reference()
        if handle is None or handle.cancelled():
            return False
        return any(type(one).__qualname__ == "UVTimer" for one in gc.get_referents(handle))

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
