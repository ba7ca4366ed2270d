"""A program that keeps things in many ways and writes where they are. Run as: python kept_things.py FOLDER.

Writes `heap` and `asked.json`: name → [address, life], and the fixture's number with what it has in hand.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import threading
import types
from typing import Any

from outlive import _core
from outlive.blame import births
from outlive.lifetimes.clock import SCOPE

TEST, FIXTURE = (1 << 20) + 1, (1 << 20) + 2
births.begin()


class Thing:
    """What a test left."""

    def __init__(self) -> None:
        self.inside: Any = None
        self.listed: list[Any] = []

    def told(self) -> None:
        """Something to bind."""


class ConnectionPool:
    """Lends what it has open."""

    def __init__(self) -> None:
        self.idle: list[Any] = []


class FixtureDef:
    """Stands for pytest's."""


FixtureDef.__module__ = "_pytest.fixtures"
THINGS: dict[str, tuple[Any, int]] = {}
LISTENERS: list[Any] = []
PAIR: Any = None
SINGLE, POOL = Thing(), ConnectionPool()
MADE_BY_FIXTURE: list[Any] = []


def left(name: str, life: int = TEST) -> Thing:
    token = SCOPE.set(life)
    one = Thing()
    SCOPE.reset(token)
    THINGS[name] = one, life
    return one


@functools.lru_cache
def cached() -> Thing:
    return left("in a cache")


async def waits(one: Thing) -> None:
    await asyncio.Event().wait()


def in_a_thread(one: Thing, begun: threading.Event, end: threading.Event) -> None:
    begun.set()
    end.wait()


def keep(loop: asyncio.AbstractEventLoop) -> list[Any]:
    """Everything; what comes back is for pytest's stand-in to keep."""
    global PAIR
    LISTENERS.append(left("in a list").told)
    LISTENERS.append(loop.create_task(waits(left("in a task in a list"))))
    SINGLE.inside = left("in an attribute")
    PAIR = (left("in a pair"), 1)
    cached()
    POOL.idle.append(left("in a pool"))
    owner = left("an owner")
    owner.listed.append(left("in a list of a new owner"))
    SINGLE.listed = [left("in a list of an old owner")]
    globals()["OWNER"] = owner
    client = left("a fixture's client", FIXTURE)
    client.listed.append(left("in a fixture's client"))
    registered = left("a fixture's registered client", FIXTURE)
    registered.listed.append(left("in a fixture's registered client"))
    MADE_BY_FIXTURE.append(registered)
    loop.call_later(5000, left("in a timer").told)
    THINGS["a timer"] = loop.call_later(5000, int), TEST
    wide, own = FixtureDef(), FixtureDef()
    wide.cached_result, own.cached_result = client, left("in pytest")  # type: ignore[attr-defined]
    return [wide, own, loop]


def main(folder: str) -> None:
    pytest = types.ModuleType("_pytest.stand_in")
    sys.modules["_pytest.stand_in"] = pytest
    pytest.kept = keep(asyncio.new_event_loop())  # type: ignore[attr-defined]
    begun, end = threading.Event(), threading.Event()
    threading.Thread(target=in_a_thread, args=(left("in a thread"), begun, end), daemon=True).start()
    begun.wait()
    asked = {name: (id(one), life) for name, (one, life) in THINGS.items()}
    in_hand = {FIXTURE: [id(pytest.kept[0].cached_result)]}
    THINGS.clear()
    del pytest
    _core.snapshot(f"{folder}/heap".encode())
    with open(f"{folder}/asked.json", "w", encoding="utf-8") as file:
        json.dump({"asked": asked, "in_hand": in_hand}, file)
    end.set()


if __name__ == "__main__":
    main(sys.argv[1])
