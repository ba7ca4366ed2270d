"""What is alive that must end: looked up in the registries that Python and the system keep anyway.

A look is cheap and goes through no heap: what is new since the last one is asked once whose it is, and written into
that life. Which descriptor belongs to which object is only looked for when there is a new descriptor.
"""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

from outlive.blame import births, loop_things, noticed
from outlive.blame.descriptors import Descriptors
from outlive.blame.lives import Book, Life, Thing
from outlive.probes import children

_ACTIVE: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]
_NOBODYS_THREADS = (threading._DummyThread, threading._MainThread)  # type: ignore[attr-defined]
# Threads that a library keeps for the next who needs one, and that end by themselves when nobody does.
_SELF_ENDING = ("trio._core._thread_cache",)
_NOBODYS_HANDLERS = ("_pytest.", "logging.NullHandler", "pytest_")


class Census:
    """Looks again and again; remembers what it has seen, weakly."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._threads: weakref.WeakSet[Any] = weakref.WeakSet()
        self._handlers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._children: set[int] = set()
        self._descriptors = Descriptors()
        self.test_files: frozenset[str] = frozenset()

    def look(self, alone: Life | None = None, *, quick: bool = False) -> None:
        """Write what is new into the lives that made it; what nobody can tell of goes to `alone`, if it is given."""
        for key, thing in self._new(quick):
            self._write(key, thing, alone)

    def look_at_loops(self, loops: Iterator[Any]) -> None:
        """The same for what is bound to a loop; by itself, because it may be about to close."""
        for key, thing in loop_things.found(loops, only=True):
            self._write(key, thing, None)

    def _write(self, key: Any, thing: Thing, alone: Life | None) -> None:
        life = self._book.of(thing.number) if thing.number else alone
        if life is not None and key not in life.things:
            life.things[key] = thing

    def _new(self, quick: bool) -> Iterator[tuple[Any, Thing]]:
        yield from self._new_threads()
        yield from loop_things.found(loop_things.open_loops())
        yield from self._descriptors.new(quick=quick)
        yield from self._new_children()
        yield from self._new_handlers()
        yield from noticed.taken()

    def _new_threads(self) -> Iterator[tuple[Any, Thing]]:
        if len(_ACTIVE) == 1:
            return
        for thread in list(_ACTIVE.values()):
            if thread in self._threads or type(thread) in _NOBODYS_THREADS:
                continue
            self._threads.add(thread)
            made = _thread_or_executor(thread)
            if made is not None:
                yield made

    def _new_children(self) -> Iterator[tuple[Any, Thing]]:
        rows = children.list_children()
        if not rows:
            self._children.clear()
            return
        new = [row for row in rows if row.pid not in self._children]
        self._children = {row.pid for row in rows}
        if not new:
            return
        owners = {getattr(one, "pid", 0): one for one in births.living(_process_types())}
        for row in new:
            if row.pid in _helpers():
                continue
            owner = owners.get(row.pid)
            birth = None if owner is None else births.of(owner)
            yield (
                ("child", row.pid),
                Thing(
                    "child",
                    f"process {row.name!r} ({row.state}, pid {row.pid})",
                    "" if birth is None else f"made at {birth.place}",
                    lambda pid=row.pid: pid in {one.pid for one in children.list_children()},  # type: ignore[misc]
                    _reference(owner),
                    number=_number(owner, birth),
                    descriptors=_pipes(owner),
                ),
            )

    def _new_handlers(self) -> Iterator[tuple[Any, Thing]]:
        loggers = [logging.root, *logging.Logger.manager.loggerDict.values()]
        for logger in loggers:
            for handler in getattr(logger, "handlers", ()):
                if handler in self._handlers:
                    continue
                self._handlers.add(handler)
                kind = f"{type(handler).__module__}.{type(handler).__qualname__}"
                if kind.startswith(_NOBODYS_HANDLERS):
                    continue
                birth = births.of(handler)
                first = self._is_first(logger, handler, birth)
                yield (
                    ("handler", id(handler)),
                    Thing(
                        "handler",
                        f"{kind} of logger {logger.name!r}",  # type: ignore[union-attr]
                        "" if birth is None else f"made at {birth.place}",
                        _handler_added(weakref.ref(logger), weakref.ref(handler)),
                        weakref.ref(handler),
                        number=_number(handler, birth),
                        once=f"logger {logger.name!r}" if first else "",  # type: ignore[union-attr]
                    ),
                )

    def _is_first(self, logger: Any, handler: Any, birth: births.Birth | None) -> bool:
        """Whether no line of a test made it, and the line that did made no other one of this logger's: set up once."""
        if birth is None or birth.file in self.test_files:
            return False
        others = (births.of(one) for one in logger.handlers if one is not handler and type(one) is type(handler))
        return not any(one is not None and (one.file, one.line) == (birth.file, birth.line) for one in others)


def _thread_or_executor(thread: Any) -> tuple[Any, Thing] | None:
    """A worker belongs to its executor: only that one is anybody's."""
    executor = _executor_of(thread)
    if executor is _UNKNOWN or thread.name.startswith("asyncio-waitpid-"):
        return None
    if getattr(getattr(thread, "_target", None), "__module__", "") in _SELF_ENDING:
        return None
    owner = thread if executor is None else executor
    birth = births.of(owner)
    number = _number(owner, birth)
    place = "" if birth is None else f"made at {birth.place}"
    if executor is None:
        target = getattr(getattr(thread, "_target", None), "__qualname__", "")
        what = f"thread {thread.name!r}" + (f" running {target}" if target else "") + (" (daemon)" * thread.daemon)
        return ("thread", id(thread)), Thing(
            "thread", what, place, _thread_alive(weakref.ref(thread)), weakref.ref(thread), number=number
        )
    if loop_things.is_default_executor(executor):
        return None
    reference = weakref.ref(executor)
    return ("executor", id(executor)), Thing(
        "executor",
        f"{type(executor).__qualname__} not shut down",
        place,
        _executor_open(reference),
        reference,
        number=number,
    )


_UNKNOWN: Any = object()


def _executor_of(thread: Any) -> Any:
    """The executor that a thread works for; None: for none; _UNKNOWN: for one that is gone, so it ends by itself."""
    target = getattr(thread, "_target", None)
    if getattr(target, "__module__", "") == "concurrent.futures.thread":
        reference = next((one for one in getattr(thread, "_args", ()) if isinstance(one, weakref.ref)), None)
        if reference is None:
            reference = getattr(next(iter(getattr(thread, "_args", ())), None), "_executor_reference", None)
    elif type(thread).__module__ == "concurrent.futures.process":
        reference = getattr(thread, "executor_reference", None)
    else:
        return None
    executor = None if reference is None else reference()
    return _UNKNOWN if executor is None else executor


def _thread_alive(reference: Any) -> Any:
    def alive() -> bool:
        thread = reference()
        return thread is not None and thread.is_alive()

    return alive


def _executor_open(reference: Any) -> Any:
    def is_open() -> bool:
        executor = reference()
        if executor is None:
            return False
        return not (getattr(executor, "_shutdown", False) or getattr(executor, "_shutdown_thread", False))

    return is_open


def _handler_added(logger: Any, handler: Any) -> Any:
    def added() -> bool:
        mine, its = logger(), handler()
        return mine is not None and its is not None and its in mine.handlers

    return added


def _number(owner: Any, birth: births.Birth | None) -> int:
    """The life that made it. Where stamps speak they have the last word: made in none is nobody's (-1)."""
    if birth is not None:
        return birth.scope or -1
    return -1 if births.known() and owner is not None else 0


def _reference(owner: Any) -> Any:
    try:
        return weakref.ref(owner)
    except TypeError:
        return lambda: None


def _pipes(owner: Any) -> frozenset[int]:
    """The ends of pipes to a child that its object keeps."""
    ends: list[Any] = [getattr(owner, name, None) for name in ("stdin", "stdout", "stderr")]
    return frozenset(end.fileno() for end in ends if type(end).__module__ == "_io" and not end.closed)


def _process_types() -> tuple[type, ...]:
    import subprocess

    popen = getattr(sys.modules.get("multiprocessing.process"), "BaseProcess", None)
    return (subprocess.Popen,) if popen is None else (subprocess.Popen, popen)


def _helpers() -> set[int]:
    """Processes that multiprocessing starts for itself, once, and ends at the end."""
    pids = set()
    for module, name in (("resource_tracker", "_resource_tracker"), ("forkserver", "_forkserver")):
        helper = getattr(sys.modules.get(f"multiprocessing.{module}"), name, None)
        pids |= {getattr(helper, "_pid", None), getattr(helper, "_forkserver_pid", None)}
    return {pid for pid in pids if pid is not None}
