"""A program that leaks in many ways at once, each with a class of its own. Run as: python leaky_program.py FOLDER.

Writes two snapshots to FOLDER, `before` after a few steps and `after` after more; twelve of each class are new.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import sys
import threading
from queue import Queue

import outlive


class Thing:
    """What leaks; subclasses tell which way."""

    def method(self) -> None:
        """Something to bind."""

    def work(self) -> str:
        return ""


KINDS = (
    "InDict", "InList", "InSet", "InDeepDict", "InClosure", "InCache", "InClass", "InDefault", "InBoundMethod",
    "InAtexit", "InThread", "InNative", "InGenerator", "InLinkedList", "InQueue",
    "InException", "InLateRegistry",
)  # fmt: skip
THINGS = {name: type(name, (Thing,), {"__module__": __name__}) for name in KINDS}

registry: dict[int, object] = {}
journal: list[object] = []
crowd: set[object] = set()
callbacks: list[object] = []
listeners: list[object] = []
generators: list[object] = []
failures: list[object] = []
queue: Queue[object] = Queue()
head: object = None
late: object = None


class Shop:
    customers: list[object] = []

    def __init__(self) -> None:
        self.orders: dict[str, dict[int, object]] = {"open": {}}


class LateShop(Shop):
    """Opened by the first step, and not closed by it."""


shop = Shop()


@functools.cache
def looked_up(thing: object) -> int:
    return 1


def remember(thing: object, seen: list[object] = []) -> None:  # noqa: B006 (the mistake that is looked for)
    seen.append(thing)


def subscribe(thing: object) -> None:
    def on_event() -> object:
        return thing

    callbacks.append(on_event)


def numbers(thing: object):  # type: ignore[no-untyped-def]
    yield 1
    yield thing


def keep_failure(thing: object) -> None:
    try:
        fail(thing)
    except ValueError as error:
        failures.append(error)


def fail(thing: object) -> None:
    raise ValueError


def step(i: int) -> None:
    global head, late
    made = {name: kind() for name, kind in THINGS.items()}
    registry[i] = made["InDict"]
    journal.append(made["InList"])
    crowd.add(made["InSet"])
    shop.orders["open"][i] = made["InDeepDict"]
    subscribe(made["InClosure"])
    looked_up(made["InCache"])
    Shop.customers.append(made["InClass"])
    remember(made["InDefault"])
    listeners.append(made["InBoundMethod"].method)
    atexit.register(print, made["InAtexit"])
    threading.Thread(target=wait_for_ever, args=(made["InThread"],), daemon=True).start()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made["InNative"]))
    running = numbers(made["InGenerator"])
    next(running)
    generators.append(running)
    made["InLinkedList"].older = head
    head = made["InLinkedList"]
    queue.put(made["InQueue"])
    keep_failure(made["InException"])
    if late is None:
        late = LateShop()
    late.orders["open"][i] = made["InLateRegistry"]
    made.clear()  # the kept traceback's frames lead to this one


def wait_for_ever(thing: object) -> None:
    never.wait()


never = threading.Event()


def main(folder: str) -> None:
    for i in range(3):
        step(i)
    gc.collect()
    outlive.snapshot(f"{folder}/before")
    for i in range(3, 15):
        step(i)
    gc.collect()
    outlive.snapshot(f"{folder}/after")
    sys.stdout.flush()
    atexit._clear()


if __name__ == "__main__":
    main(sys.argv[1])
