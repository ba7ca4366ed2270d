"""Open files, sockets and pipes: which are new, and which Python object opened each.

The descriptors that a loop keeps for itself belong to the loop. What no object owns and is no file, socket or pipe
(a poll set, a device, a shared library) is nobody's.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sys
import weakref
from collections.abc import Iterator
from typing import Any

from outlive.blame import births, loop_things
from outlive.blame.carrying import harness_loops
from outlive.blame.lives import Thing
from outlive.probes import fds

_KINDS = {"socket": "socket", "pipe": "fd", "file": "file", "deleted-file": "file", "memfd": "file"}
_FOLDER = "/proc/self/fd"
_STANDARD = 2  # whoever captures output puts these in each other's place


class Descriptors:
    """Remembers what was open at the last look."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._listed: list[str] = []

    def new(self, *, quick: bool) -> Iterator[tuple[Any, Thing]]:
        """Opened since the last look, and still open. `quick`: the same numbers are taken for the same descriptors."""
        if quick and self._listed == (listed := os.listdir(_FOLDER)):
            return
        now = _open()
        self._listed = listed if quick else os.listdir(_FOLDER)
        new = {number: target for number, target in now.items() if self._seen.get(number) != target}
        self._seen = now
        if not new:
            return
        owners, loops = _owners()
        for number, loop in loops.items():
            if str(number) in new and loop not in harness_loops and not loop_things.is_current(loop):
                yield ("loop", id(loop)), _loop(loop)
        helpers = _of_helpers()
        for text, target in new.items():
            number, kind = int(text), _KINDS.get(fds.kind_of(target))
            owner = owners.get(number)
            if kind is None or number in loops or number in helpers or number <= _STANDARD:
                continue
            if kind == "fd" and owner is None and "uvloop" in sys.modules:
                continue  # libuv's own pipes have no object either: nobody can tell them from a test's
            yield ("fd", number, target), _thing(number, target, kind, owner)


def _open() -> dict[str, str]:
    """Number and target of each; the listing's own descriptor is closed before its link would be read."""
    found = {}
    for name in os.listdir(_FOLDER):
        try:
            found[name] = os.readlink(f"{_FOLDER}/{name}")
        except OSError:
            pass
    return found


def _owners() -> tuple[dict[int, Any], dict[int, Any]]:
    """Living objects by the descriptor they have open, and the descriptors that loops use for themselves."""
    owners: dict[int, Any] = {}
    loops: dict[int, Any] = {}
    for one in births.living((socket.socket, io.FileIO, asyncio.BaseEventLoop)):
        if isinstance(one, asyncio.BaseEventLoop):
            mine = (getattr(one, "_ssock", None), getattr(one, "_csock", None))
            loops.update({part.fileno(): one for part in mine if part is not None})
        else:
            number = _number_of(one)
            if number >= 0:
                owners[number] = one
    return owners, loops


def _of_helpers() -> set[Any]:
    """Pipes to the processes that multiprocessing starts for itself, once, and ends at the end."""
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    server = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    return {getattr(tracker, "_fd", None)} | {getattr(server, f"_forkserver_{end}", None) for end in ("fd", "alive_fd")}


def _number_of(owner: Any) -> int:
    """Asked of the built-in types' own methods: a subclass' might run anything."""
    try:
        if isinstance(owner, socket.socket):
            return super(socket.socket, owner).fileno()
        return int(io.FileIO.fileno(owner))
    except (ValueError, OSError, AttributeError):
        return -1


def _loop(loop: Any) -> Thing:
    birth, reference = births.of(loop), weakref.ref(loop)

    def unclosed() -> bool:
        mine = reference()
        return mine is not None and not mine.is_closed() and mine not in harness_loops

    where = "" if birth is None or birth.in_library else f"made at {birth.place}"
    number = 0 if birth is None and not births.known() else (birth.scope if birth is not None else 0) or -1
    return Thing("loop", f"{type(loop).__qualname__} never closed", where, unclosed, reference, number=number)


def _thing(number: int, target: str, kind: str, owner: Any) -> Thing:
    birth = None if owner is None else births.of(owner)
    life = 0
    if owner is not None and births.known():
        life = (birth.scope if birth is not None else 0) or -1
    where = "" if birth is None else f"made at {birth.place}"
    what = f"{type(owner).__qualname__ if owner is not None else 'descriptor'} {number}"
    if kind == "socket":
        what = f"socket on descriptor {number}"
    elif kind == "file":
        what = f"open file {target} (descriptor {number})"
    elif kind == "fd":
        what = f"pipe on descriptor {number}"
    reference = (lambda: None) if owner is None else weakref.ref(owner)
    still = _still_open(number, target, owner)
    return Thing(kind, what, where, still, reference, number=life, descriptors=frozenset({number}))


def _still_open(number: int, target: str, owner: Any) -> Any:
    reference = None if owner is None else weakref.ref(owner)

    def still_open() -> bool:
        if reference is not None:
            mine = reference()
            return mine is not None and _number_of(mine) == number
        try:
            return os.readlink(f"{_FOLDER}/{number}") == target
        except OSError:
            return False

    return still_open
