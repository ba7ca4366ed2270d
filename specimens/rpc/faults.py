"""The switches: every planted mistake, what is true of it, and what a leak finder ought to say.

The seeds are reports of real systems, some of whose claims were wrong; then the right answer is that nothing leaks.
"""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import dataclass
from enum import Enum

from specimens.rpc.client import Client

Version = tuple[int, int]


class Expected(str, Enum):
    """What is left when the client's owner has let go of it."""

    LEAK = "leak"
    CYCLE = "harmless cycle"
    IN_FLIGHT = "in flight"
    HARNESS = "harness"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Fault:
    """`cause` are words of which the explanation must contain one of each group ("a|b"): the right root cause.

    `module` and `name` are the faulty client's; empty for JavaScript. `drive` are the options of the soak that brings
    it out. `until`: newer Pythons do not have it, and nothing is left there.
    """

    id: str
    seed: str
    about: str
    expected: Expected
    cause: tuple[str, ...] = ()
    module: str = ""
    name: str = ""
    drive: tuple[str, ...] = ()
    until: Version | None = None

    @property
    def in_javascript(self) -> bool:
        return not self.module

    def expected_on(self, version: Version) -> Expected:
        """The answer that is right on this Python."""
        return Expected.NOTHING if self.until is not None and version > self.until else self.expected


IN_MEMORY = ("--in-memory",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        "connection-callbacks",
        "H1",
        "the line's callbacks are not cleared at close",
        Expected.CYCLE,
        ("on_message|on_closed|_connection",),
        "forgetting",
        "KeepsCallbacks",
    ),
    Fault(
        "cleared-on-the-double",
        "N7",
        "close clears the callbacks by names that only the tests' connection has",
        Expected.CYCLE,
        ("on_message|on_closed|_connection",),
        "forgetting",
        "ClearsTheDouble",
    ),
    Fault(
        "loop-handler",
        "H2",
        "sets the loop's exception handler and never restores it; it captures nothing",
        Expected.NOTHING,
        (),
        "host_loop",
        "ReplacesHandler",
    ),
    Fault(
        "loop-handler-captures",
        "H2",
        "sets a loop exception handler that captures the client, and never restores it",
        Expected.LEAK,
        ("_exception_handler|exception handler",),
        "host_loop",
        "LeavesHandler",
    ),
    Fault(
        "handler-destroyed",
        "N7",
        "close sets the loop's exception handler to None: the host's is lost, but nothing leaks",
        Expected.NOTHING,
        (),
        "host_loop",
        "DestroysHandler",
    ),
    Fault(
        "fire-and-forget",
        "H3",
        "tasks of event handlers are not tracked, and go on after close",
        Expected.LEAK,
        ("on_news", "Task|task"),
        "tasks",
        "FiresAndForgets",
    ),
    Fault(
        "tasks-not-cancelled",
        "H4",
        "tasks of event handlers are tracked, but close does not cancel them",
        Expected.LEAK,
        ("on_news", "Task|task"),
        "tasks",
        "NeverCancels",
    ),
    Fault(
        "event-handlers",
        "H5",
        "event handlers are not cleared at close",
        Expected.CYCLE,
        ("_handlers|events",),
        "forgetting",
        "KeepsHandlers",
    ),
    Fault(
        "services",
        "H6",
        "the services, bound methods of the client, are not cleared at close",
        Expected.CYCLE,
        ("_methods|services",),
        "forgetting",
        "KeepsServices",
    ),
    Fault(
        "stores",
        "H7",
        "lent objects, pieces and codecs are not cleared at close",
        Expected.CYCLE,
        ("_loans|objects",),
        "forgetting",
        "KeepsStores",
    ),
    Fault(
        "stores-global",
        "H7",
        "lent objects are kept in a module's registry, and not taken out at close",
        Expected.LEAK,
        ("EXPORTED",),
        "forgetting",
        "LendsGlobally",
    ),
    Fault(
        "cancel-not-awaited",
        "H8",
        "close cancels its tasks and does not wait for their end",
        Expected.IN_FLIGHT,
        (),
        "tasks",
        "CancelsWithoutWaiting",
        IN_MEMORY,
    ),
    Fault(
        "looked-too-early",
        "H9",
        "looked for inside the very callback that gather() ended with; gone one turn later",
        Expected.IN_FLIGHT,
        (),
        "tasks",
        "GathersCancelled",
        IN_MEMORY,
    ),
    Fault(
        "swallowed-cancellation",
        "N1",
        "wait_for swallows close's cancellation, and the closed client starts a sweeper for ever",
        Expected.LEAK,
        ("_sweep_loop", "timer|_scheduled|after"),
        "tasks",
        "SwallowsCancellation",
        ("--race",),
        until=(3, 11),
    ),
    Fault(
        "log-record",
        "N8",
        "a log record holds an exception, whose traceback holds the client; pytest's capture holds the record",
        Expected.HARNESS,
        ("LogRecord|records|log",),
        "failing",
        "LogsException",
        ("--log-capture",),
    ),
    Fault(
        "enter-raised",
        "aenter",
        "a line opened in __aenter__ stays open when the greeting fails",
        Expected.LEAK,
        ("open_websocket|_dial|connect",),
        "failing",
        "LeavesLineOpen",
        ("--old-server",),
    ),
    Fault(
        "js-listeners",
        "H10",
        "JavaScript: listeners on `process` are not removed at close",
        Expected.LEAK,
        ("listeners",),
    ),
    Fault("js-abort", "H11", "JavaScript: the AbortController is not aborted at close", Expected.LEAK),
    Fault(
        "js-sweep",
        "H12",
        "JavaScript: the session sweeper's interval is not cleared at close",
        Expected.LEAK,
        ("Timeout",),
    ),
)

BY_ID = {fault.id: fault for fault in FAULTS}


@functools.cache
def client_class(ids: tuple[str, ...]) -> type[Client]:
    """The client with these mistakes; the right one for none. Raises `KeyError` for an unknown name."""
    classes = []
    for fault in [BY_ID[id_] for id_ in ids]:
        if fault.in_javascript:
            raise KeyError(fault.id)
        classes.append(getattr(importlib.import_module(f"specimens.rpc.mistakes.{fault.module}"), fault.name))
    # Made once: a class of its own for each call would itself be a growth.
    return type("FaultyClient", tuple(classes), {}) if len(classes) > 1 else (classes or [Client])[0]


def this_python() -> Version:
    return sys.version_info[:2]
