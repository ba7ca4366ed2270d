"""The number of a life, put into the context of everything that is done in it.

Theory of operation. A context variable set around a test reaches what the test does itself, but not an async test: its
body runs in a task that somebody else made, earlier or in another context, and with a hundred tests in one loop there
is no "around". So the body is carried: in the place of the coroutine function stands an object that looks like one
(`inspect` goes by its code) and that sets the variable when the body begins, inside the body's own task, and puts it
back when it ends. No plugin has to know of it, and none is asked which one it is.

Refused: to change a function. The object stands in the item, or in the fixture's definition while it is set up.
"""

from __future__ import annotations

import asyncio
import inspect
import types
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from outlive.blame.lives import Life
from outlive.lifetimes.clock import SCOPE

Begun = Callable[[], Life]
"""Says, when the body begins, whose life it is."""

harness_loops: weakref.WeakSet[Any] = weakref.WeakSet()
"""Loops that tests were run in: the plugins' own, which they close when they like."""
known_loops: weakref.WeakSet[Any] = weakref.WeakSet()
"""All loops of asyncio's own making: a fixture's, a test's, one that was there before."""
drivers: weakref.WeakSet[Any] = weakref.WeakSet()
"""Tasks that drive tests and fixtures: the plugins' own."""


@contextmanager
def living(life: Life) -> Iterator[None]:
    """What is done inside is done in this life."""
    token = SCOPE.set(life.number)
    try:
        yield
    finally:
        put_back(token)


def put_back(token: Any) -> None:
    """Undo one setting; a generator that was begun in one context and ended in another has nothing to undo."""
    try:
        SCOPE.reset(token)
    except ValueError:
        pass


class Carried:
    """Stands for an async function. Has its code, its name and its signature; a method of a class like any function."""

    def __init__(self, function: Callable[..., Any], begun: Begun, *, is_test: bool = False) -> None:
        self._begun = begun
        self._is_test = is_test
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        self.__dict__.update(getattr(function, "__dict__", {}))
        self.__defaults__ = getattr(function, "__defaults__", None)
        self.__kwdefaults__ = getattr(function, "__kwdefaults__", None)
        self.__annotations__ = getattr(function, "__annotations__", {})
        self.__wrapped__: Any = function

    @property
    def __code__(self) -> types.CodeType:
        code: types.CodeType = self.__wrapped__.__code__
        return code

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self.__wrapped__(*args, **kwargs)
        if inspect.isasyncgen(made):
            return _carried_steps(made, self._begun)
        return _carried(made, self._begun, self._is_test)


def carried(function: Any, begun: Begun, *, is_test: bool = False) -> Any:
    """`function`, carried if it is async; itself if it is not, or if it is carried already."""
    plain = getattr(function, "__func__", function)
    if isinstance(plain, Carried) or not (inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)):
        return function
    stand_in = Carried(plain, begun, is_test=is_test)
    return stand_in if plain is function else types.MethodType(stand_in, function.__self__)


async def _carried(body: Any, begun: Begun, is_test: bool) -> Any:
    __tracebackhide__ = True
    life = begun()
    token = SCOPE.set(life.number)
    _note_driver()
    try:
        return await body
    finally:
        put_back(token)
        life.body_over = life.body_over or is_test


async def _carried_steps(steps: Any, begun: Begun) -> AsyncIterator[Any]:
    """Each step of an async generator fixture in its life, and nothing in it between the steps."""
    __tracebackhide__ = True
    try:
        while True:
            token = SCOPE.set(begun().number)
            _note_driver()
            try:
                value = await steps.__anext__()
            except StopAsyncIteration:
                return
            finally:
                put_back(token)
            yield value
    finally:
        await steps.aclose()


def _note_driver() -> None:
    """The task and the loop that run a test are the harness', not the test's."""
    try:
        task = asyncio.current_task()
        if task is not None:
            drivers.add(task)
            harness_loops.add(asyncio.get_running_loop())
    except RuntimeError:
        pass  # another library's loop (trio): it has no asyncio tasks
