"""What is open just now: descriptors, sockets, threads, child processes, temporary files, with their Python objects.

What was open when the watching began is called inherited: the program did not open it. A Python object is named by its
address, and the line that made it comes from its stamp. `thorough` looks for the objects of descriptors and children,
which walks the collector's list; without it only the system is asked.
"""

from __future__ import annotations

import os
import sys

from outlive.errors import MeasureError
from outlive.lifetimes import clock, temporary
from outlive.lifetimes.naming import attribute, is_instance
from outlive.lifetimes.notebook import site_row
from outlive.probes import children, fds, procfs, socket_names, threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MOST = 5000
_COMMAND_MOST = 200  # characters
_STANDARD = {0: "standard input", 1: "standard output", 2: "standard error"}


_at_start: dict[int, str] = {}
_ours: set[tuple[str, int]] = set()


def leave_out(kind: str, number: int) -> None:
    """This descriptor ("fd") or system thread ("thread") is the watcher's own."""
    _ours.add((kind, number))


def begin() -> None:
    """Remember what is open now: it is none of the program's doing. By number and link, since numbers are reused."""
    try:
        _at_start.update({one.number: one.target for one in fds.list_open()})
    except Exception:
        pass


def rows(*, thorough: bool) -> list[dict[str, Any]]:
    """With the keys of `model.look.Open`; at most 5,000 of a kind. What cannot be read is left out."""
    objects = _objects() if thorough else _Objects()
    found: list[dict[str, Any]] = []
    for part in (_descriptors, _threads, _children, _files):
        found += _tried(part, objects)
    return [row for row in found if (row["kind"], row.get("number", 0)) not in _ours]


def _tried(part: Callable[[_Objects], list[dict[str, Any]]], objects: _Objects) -> list[dict[str, Any]]:
    try:
        return part(objects)[:_MOST]
    except Exception:
        return []


class _Objects:
    """Python objects by the descriptor or process that is theirs: (address, site, scope)."""

    def __init__(self) -> None:
        self.of_descriptor: dict[int, tuple[int, Any, int]] = {}
        self.of_child: dict[int, tuple[int, Any, int]] = {}


def _objects() -> _Objects:
    found = _Objects()
    kinds = _kinds()
    for obj in _living(tuple(kind for kind, _, _ in kinds)):
        for kind, number_of, goes_to in kinds:
            if is_instance(obj, kind):
                number = number_of(obj)
                if type(number) is int and number >= 0:
                    _, scope, site = clock.birth(obj)
                    where = found.of_child if goes_to == "child" else found.of_descriptor
                    where[number] = (id(obj), site_row(site), scope)
                break
    return found


def _kinds() -> list[tuple[type, Callable[[Any], Any], str]]:
    """Types that own a descriptor or a child, of the modules that are loaded, and how their number is read."""
    known: list[tuple[type, Callable[[Any], Any], str]] = []
    io: Any = sys.modules["_io"]
    known.append((io.FileIO, lambda file: -1 if file.closed else _number(io.FileIO.fileno, file), "fd"))
    sockets: Any = sys.modules.get("_socket")
    if sockets is not None:
        known.append((sockets.socket, lambda one: _number(sockets.socket.fileno, one), "fd"))
    processes: Any = sys.modules.get("subprocess")
    if processes is not None:
        known.append((processes.Popen, lambda one: attribute(one, "pid"), "child"))
    poll: Any = sys.modules.get("select")
    if poll is not None and hasattr(poll, "epoll"):
        known.append((poll.epoll, lambda one: _number(poll.epoll.fileno, one), "fd"))
    return known


def _number(ask: Callable[[Any], int], obj: object) -> int:
    try:
        return ask(obj)
    except Exception:
        return -1  # closed, or never opened


def _living(kinds: tuple[type, ...]) -> list[Any]:
    made = getattr(clock.CLOCK._stamps, "made", None)
    if made is not None:
        try:
            return list(made(0, None, kinds))
        except Exception:
            pass  # stamps are off
    import gc

    classes = [type.__dict__["__mro__"].__get__(kind)[0] for kind in kinds]
    return [obj for obj in gc.get_objects() if any(is_instance(obj, cls) for cls in classes)]


def _descriptors(objects: _Objects) -> list[dict[str, Any]]:
    opened = fds.list_open()
    names = socket_names.describe(one.target for one in opened if one.kind == "socket")
    found = []
    for one in opened[:_MOST]:
        address, site, scope = objects.of_descriptor.get(one.number) or temporary.owner_of(one.target)
        is_inherited = one.number in _STANDARD or (_at_start.get(one.number) == one.target and not address)
        found.append(
            {
                "kind": "socket" if one.kind == "socket" else "fd",
                "name": names.get(one.target) or _STANDARD.get(one.number) or one.target,
                "number": one.number, "state": "inherited" if is_inherited else one.kind,
                "site": site, "address": address, "scope": scope,
            }
        )  # fmt: skip
    return found


def _threads(objects: _Objects) -> list[dict[str, Any]]:
    """All but the main one. A thread that Python does not know was made by native code."""
    module: Any = sys.modules.get("threading")
    known = {} if module is None else {thread.native_id: thread for thread in list(module._active.values())}
    found = []
    for one in threads.list_running():
        if one.tid == os.getpid():
            continue
        thread = known.get(one.tid)
        row = {"kind": "thread", "name": one.python_name or one.name, "number": one.tid, "state": "native"}
        if thread is not None:
            _, scope, site = clock.birth(thread)
            state = "daemon" if thread.daemon else ""
            row = {**row, "state": state, "site": site_row(site), "address": id(thread), "scope": scope}
        found.append(row)
    return found


def _children(objects: _Objects) -> list[dict[str, Any]]:
    found = []
    for one in children.list_children():
        address, site, scope = objects.of_child.get(one.pid, (0, None, 0))
        found.append(
            {"kind": "process", "name": _command(one.pid) or one.name, "number": one.pid, "state": one.state,
             "site": site, "address": address, "scope": scope}
        )  # fmt: skip
    return found


def _command(pid: int) -> str:
    """The words of its command line, for a helper of multiprocessing is a "python", too; "" for a zombie."""
    try:
        words = procfs.read(pid, "cmdline").rstrip(b"\0").replace(b"\0", b" ")
        return words.decode("utf-8", "replace")[:_COMMAND_MOST]
    except MeasureError:
        return ""


def _files(objects: _Objects) -> list[dict[str, Any]]:
    return temporary.rows()
