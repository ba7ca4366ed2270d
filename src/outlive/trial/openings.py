"""Which lines open the descriptors that stay open, and start the children that stay: asked once something leaks.

Answers the parent's questions; how it is found out is the watch's (`opening_watch`). At most one watch is on.
"""

from __future__ import annotations

import sys

from outlive.trial.opening_watch import Watch
from outlive.trial.qualified import qualify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.trial.inside import Inside

_watches: list[Watch] = []


def watch(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Watch from here on, for at most `seconds`; `why` says what hinders, "" if nothing does."""
    why = "openings are watched already" if _watches else _hindrance()
    if not why:
        _watches.append(Watch(payload["seconds"]))
        _watches[0].begin()
    return {"why": why}


def tell(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """What was opened or started since `watch` and is still there; and the watch is over.

    `fds` and `children` are rows: `kind` ("pipe", "socket"; a child's state), `target`, and `candidates`, each with
    `function` ("" when it was no reported C function), `exact`, and `stack` of [file, line, function], innermost first.
    `why` says what ended the watch early, "" if nothing did: the rows are what was seen until then.
    """
    if not _watches:
        return {"why": "openings are not watched", "fds": [], "children": [], "unseen_threads": 0}
    one = _watches.pop()
    one.end()
    fds, processes = one.descriptors(), one.processes()
    qualify(line for row in (*fds, *processes) for candidate in row["candidates"] for line in candidate["stack"])
    return {"why": one.trouble, "fds": fds, "children": processes, "unseen_threads": one.unseen_threads}


def _hindrance() -> str:
    import threading

    if sys.getprofile() is not None or threading.getprofile() is not None:
        return "a profiler is active in this process"
    return ""
