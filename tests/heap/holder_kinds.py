"""A program in which each object `Held_<kind>` has exactly one holder, of that kind; then it takes a snapshot.

    python holder_kinds.py SNAPSHOT

prints, as JSON, how the way to each object must be written. `native` means: by references that native code owns.
Each `@kind` function makes its holder; what it returns stays as the global `the_<kind>`, for which `$` stands.
"""

from __future__ import annotations

import asyncio
import atexit
import collections
import concurrent.futures
import contextlib
import contextvars
import ctypes
import dataclasses
import enum
import functools
import gc
import itertools
import json
import logging
import os
import queue
import selectors
import signal
import socket
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

expected: dict[str, str] = {}
_makers: dict[str, Callable[[Any], Any]] = {}
loop = asyncio.new_event_loop()
quiet: list[Any] = []  # what must live and holds nothing


def kind(written: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    def register(maker: Callable[[Any], Any]) -> Callable[[Any], Any]:
        expected[maker.__name__] = written.replace("$", f"__main__.the_{maker.__name__}")
        _makers[maker.__name__] = maker
        return maker

    return register


def plain(name: str, written: str, hold: Callable[[Any], Any]) -> None:
    hold.__name__ = name
    kind(written)(hold)


class Plain:
    pass


class Slotted:
    __slots__ = ("slot",)


def with_attributes(cls: type, **attributes: Any) -> Any:
    made = cls()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


# ---- containers ------------------------------------------------------------------------------------------------------

plain("module_global", "$", lambda held: held)
plain("list_element", "$[1]", lambda held: [0, held])
plain("tuple_element", "$[1]", lambda held: (0, held))
plain("dict_value", "$['u42']", lambda held: {"u42": held})
plain("dict_value_int", "$[7]", lambda held: {7: held})
plain("dict_value_tuple", "$[('a', 1)]", lambda held: {("a", 1): held})
plain("dict_key", "$ <key <__main__.Held_dict_key>>", lambda held: {held: 1})
plain("set_element", "$ <element>", lambda held: {held})
plain("frozenset_element", "$ <element>", lambda held: frozenset([held]))
plain("deque_element", "$[0]", lambda held: collections.deque([held, 1]))
plain("default_dict", "$['x']", lambda held: collections.defaultdict(list, x=held))
plain("ordered_dict", "$['x']", lambda held: collections.OrderedDict(x=held))
plain("chain_map", "$.maps[1]['x']", lambda held: collections.ChainMap({}, {"x": held}))
plain("user_list", "$.data[0]", lambda held: collections.UserList([held]))
plain("list_subclass", "$[2]", lambda held: type("ListSubclass", (list,), {})([0, 1, held]))
plain("mapping_proxy", "$ <mapping>['x']", lambda held: types.MappingProxyType({"x": held}))
plain("object_array", "$[1]", lambda held: np.array([None, held], dtype=object))
plain("array_view", "$.base[0]", lambda held: np.array([held], dtype=object)[:])


# ---- instances and classes -------------------------------------------------------------------------------------------

plain("instance_attribute", "$.session", lambda held: with_attributes(Plain, session=held))
plain("instance_dict", "$.made_later", lambda held: _with_dict(held))
plain("slot", "$.slot", lambda held: with_attributes(Slotted, slot=held))
plain("class_attribute", "$.registry", lambda held: type("Registry", (), {"registry": held}))
plain("property_closure", "$.area.fget <closure variable held>", lambda held: _with_property(held))
plain("static_method", "$.call.__func__ <closure variable held>", lambda held: _with_static_method(held))
plain("named_tuple", "$.second", lambda held: collections.namedtuple("Pair", "first second")(1, held))
plain("data_class", "$.payload", lambda held: dataclasses.make_dataclass("Data", ["payload"])(held))
plain("simple_namespace", "$.x", lambda held: types.SimpleNamespace(x=held))
plain("cached_property", "$.costly", lambda held: _with_cached_property(held))


@kind("$*Held_enum_member>>")
def enum_member(held: Any) -> Any:
    return enum.Enum("Kinds", {"A": held})


def _with_dict(held: Any) -> Any:
    made = Plain()
    made.__dict__["made_later"] = held
    return made


def _with_property(held: Any) -> Any:
    class Shape:
        @property
        def area(self) -> Any:
            return held

    return Shape


def _with_static_method(held: Any) -> Any:
    class Shape:
        @staticmethod
        def call() -> Any:
            return held

    return Shape


def _with_cached_property(held: Any) -> Any:
    class Shape:
        @functools.cached_property
        def costly(self) -> Any:
            return waiting.pop()

    waiting = [held]
    shape = Shape()
    assert shape.costly is held
    return shape


# ---- functions -------------------------------------------------------------------------------------------------------


@kind("$ <closure variable held>")
def closure(held: Any) -> Any:
    def inner() -> Any:
        return held

    return inner


@kind("$ <default argument 1>")
def default(held: Any) -> Any:
    def inner(first: int, second: Any = held) -> Any:
        return second

    return inner


@kind("$ <default of parameter second>")
def keyword_default(held: Any) -> Any:
    def inner(first: int, *, second: Any = held) -> Any:
        return second

    return inner


@kind("$.__self__")
def bound_method(held: Any) -> Any:
    type(held).method = lambda self: None  # type: ignore[attr-defined]
    return held.method


plain("function_attribute", "$.tag", lambda held: with_attributes(lambda: lambda: None, tag=held))
plain("partial_argument", "$.args[0]", lambda held: functools.partial(print, held))
plain("partial_keyword", "$.keywords['end']", lambda held: functools.partial(print, end=held))


@kind("$ <cached result>")
def cache_result(held: Any) -> Any:
    @functools.lru_cache(maxsize=4)
    def cached(number: int) -> Any:
        return waiting.pop()

    waiting = [held]
    cached(1)
    return cached


@kind("$ <cached result>")
def unbounded_cache_result(held: Any) -> Any:
    @functools.cache
    def cached(number: int) -> Any:
        return waiting.pop()

    waiting = [held]
    cached(1)
    return cached


@kind("$ <cache key>[0]")
def cache_key(held: Any) -> Any:
    @functools.lru_cache(maxsize=4)
    def cached(thing: Any) -> None:
        return None

    cached(held)
    return cached


# ---- what runs -------------------------------------------------------------------------------------------------------


@kind("$ <local variable inner_local>")
def generator(held: Any) -> Any:
    def running(inner_local: Any) -> Any:
        yield 1
        return inner_local

    made = running(held)
    next(made)
    return made


@kind("$ <local variable inner_local>")
def coroutine(held: Any) -> Any:
    async def running(inner_local: Any) -> Any:
        await asyncio.sleep(0)
        return inner_local

    made = running(held)
    made.send(None)
    return made


@kind("$ <local variable inner_local>")
def async_generator(held: Any) -> Any:
    async def running(inner_local: Any) -> Any:
        yield 1
        yield inner_local

    made = running(held)
    with contextlib.suppress(StopIteration):
        made.__anext__().send(None)
    return made


@kind("thread 'worker' in __main__.*work (holder_kinds.py:*) <local variable local>")
def thread_frame(held: Any) -> Any:
    ready, go = threading.Event(), threading.Event()

    def work(box: list[Any]) -> None:
        local = box.pop()
        ready.set()
        go.wait()
        del local

    threading.Thread(target=work, args=([held],), name="worker", daemon=True).start()
    ready.wait()


@kind("$.attribute")
def thread_local(held: Any) -> Any:
    return with_attributes(threading.local, attribute=held)


@kind("context variables of thread 'MainThread' <context variable request>")
def context_variable(held: Any) -> Any:
    variable = contextvars.ContextVar("request")
    variable.set(held)


@kind("$ <context variable request>")
def copied_context(held: Any) -> Any:
    context = contextvars.Context()
    variable = contextvars.ContextVar("request")
    context.run(variable.set, held)
    return context


# ---- asyncio ---------------------------------------------------------------------------------------------------------


def turn() -> None:
    loop.run_until_complete(asyncio.sleep(0))


@kind("$._result")
def task_result(held: Any) -> Any:
    async def answer(box: list[Any]) -> Any:
        return box.pop()

    task = loop.create_task(answer([held]))
    turn()
    return task


@kind("$._exception.args[0]")
def task_exception(held: Any) -> Any:
    future = loop.create_future()
    future.set_exception(ValueError(held))
    future.exception()
    return future


@kind("$ <callback> <closure variable held>")
def future_callback(held: Any) -> Any:
    def done(future: Any) -> Any:
        return held

    future = loop.create_future()
    future.add_done_callback(done)
    return future


@kind("__main__.loop._scheduled[0]._args[0]")
def timer(held: Any) -> Any:
    loop.call_later(10_000, print, held)


@kind("$._queue[0]")
def asyncio_queue(held: Any) -> Any:
    made: Any = asyncio.Queue()
    made.put_nowait(held)
    return made


@kind("$._coro <local variable inner_local>")
def waiting_task(held: Any) -> Any:
    async def wait(box: list[Any]) -> None:
        inner_local = box.pop()
        await loop.create_future()
        del inner_local

    task = loop.create_task(wait([held]))
    turn()
    return task


@kind("__main__.loop._ready[*]._args[0]")
def ready_queue(held: Any) -> Any:
    loop.call_soon(print, held)


# ---- threads and executors -------------------------------------------------------------------------------------------


@kind("$._work_queue <queued>.args[0]")
def executor_queue(held: Any) -> Any:
    executor = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="pool")
    stop = threading.Event()
    quiet.append(stop)
    started = threading.Event()
    executor.submit(lambda: (started.set(), stop.wait()))
    started.wait()
    executor.submit(print, held)
    return executor


@kind("$._done_callbacks[0] <closure variable held>")
def concurrent_future_callback(held: Any) -> Any:
    future: Any = concurrent.futures.Future()
    future.add_done_callback(lambda _: held)
    return future


plain("queue", "$.queue[0]", lambda held: _filled(queue.Queue(), held))
plain("simple_queue", "$ <queued>", lambda held: _filled(queue.SimpleQueue(), held))


def _filled(made: Any, held: Any) -> Any:
    made.put(held)
    return made


# ---- what the interpreter keeps --------------------------------------------------------------------------------------


@kind("atexit callbacks[0]")
def at_exit(held: Any) -> Any:
    atexit.register(lambda *_: None, held)


@kind("os.register_at_fork(after_in_child=)[*].__self__")
def at_fork(held: Any) -> Any:
    type(held).method = lambda self: None  # type: ignore[attr-defined]
    os.register_at_fork(after_in_child=held.method)


@kind("signal handler 10 <closure variable held>")
def signal_handler(held: Any) -> Any:
    signal.signal(signal.SIGUSR1, lambda *_: held)


@kind("gc.callbacks[*] <closure variable held>")
def gc_callback(held: Any) -> Any:
    gc.callbacks.append(lambda *_: held)


@kind("$ <weakref callback> <closure variable held>")
def weakref_callback(held: Any) -> Any:
    watched = Plain()
    quiet.append(watched)
    return weakref.ref(watched, lambda _: held)


@kind("weakref.finalize._registry[*].args[0]")
def finalize(held: Any) -> Any:
    watched = Plain()
    quiet.append(watched)
    weakref.finalize(watched, print, held)


@kind("$.__traceback__.tb_next.tb_frame <local variable local>")
def traceback(held: Any) -> Any:
    def fail(box: list[Any]) -> None:
        local = box.pop()
        raise ValueError(type(local).__name__)

    try:
        fail([held])
    except ValueError as error:
        del held
        return error


@kind("$.args[0]")
def exception_argument(held: Any) -> Any:
    return ValueError(held)


@kind("$.__context__.args[0]")
def exception_context(held: Any) -> Any:
    error = ValueError("after")
    error.__context__ = KeyError(held)
    return error


# ---- libraries -------------------------------------------------------------------------------------------------------


@kind("$._exit_callbacks[0][1] <closure variable held>")
def exit_stack(held: Any) -> Any:
    stack = contextlib.ExitStack()
    stack.push(lambda *_: held)
    return stack


@kind("$._fd_to_key[*].data")
def selector(held: Any) -> Any:
    ours, theirs = socket.socketpair()
    quiet.append(theirs)
    made = selectors.SelectSelector()
    made.register(ours, selectors.EVENT_READ, held)
    return made


@kind("logging.Logger.manager.loggerDict['holder'].handlers[0].sink")
def logging_handler(held: Any) -> Any:
    handler = logging.NullHandler()
    handler.sink = held  # type: ignore[attr-defined]
    logging.getLogger("holder").addHandler(handler)


plain("iterator", "$ <iterated>[0]", lambda held: iter([held]))
plain("chain", "$ <iterables> <iterated>[0][1]", lambda held: itertools.chain((0, held)))
plain("ctypes_object", "$._objects", lambda held: _ctypes_holding(held))


def _ctypes_holding(held: Any) -> Any:
    callback = ctypes.CFUNCTYPE(None)(held.__call__) if callable(held) else None
    assert callback is None
    return ctypes.py_object(held)


# ---- nobody that Python knows ----------------------------------------------------------------------------------------


@kind("native")
def lost_reference(held: Any) -> Any:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))


def main() -> None:
    for name, maker in _makers.items():
        held = type(f"Held_{name}", (), {"__module__": "__main__"})()
        holder = maker(held)
        if holder is not None:
            globals()[f"the_{name}"] = holder
        del held, holder
    gc.collect()
    import outlive

    outlive.snapshot(sys.argv[1])
    print(json.dumps(expected), flush=True)
    sys.stdout.flush()
    os._exit(0)  # some of them would run or warn at exit


if __name__ == "__main__":
    main()
