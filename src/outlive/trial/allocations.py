"""Which lines, Python's and native, take the blocks that stay: asked once native memory leaks.

Answers the parent's questions; the record is the core's. What is told are places that keep at least a few blocks, the
one of most first, without Outlive's own.

Types that keep dead objects for reuse (tuple, list, dict, float) make new ones without taking memory. Their lists are
kept empty meanwhile, so that the place of a block is its last object's, unless the program profiles itself or calls too
much: `reused` says that then.
"""

from __future__ import annotations

import gc
import sys

from outlive import _core
from outlive.trial.call_stack import is_ours
from outlive.trial.qualified import qualify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.trial.inside import Inside

_FEWEST, _MOST = 3, 64
_MOST_EVENTS = 200_000  # some 10 µs each
_empties: list[bool] = []
# By type's own descriptors: a metaclass may answer for itself, and run code of the program.
_MODULE, _NAME = type.__dict__["__module__"].__get__, type.__dict__["__qualname__"].__get__


def watch(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Record allocations from here on; `why` says what hinders, "" if nothing does."""
    if not _core.watch_allocations():
        return {"why": "allocations are watched already, or there is no memory for it"}
    if sys.getprofile() is None:
        gc.collect()
        gc.freeze()
        _core.empty_free_lists(_MOST_EVENTS)
        _empties.append(True)
    return {"why": ""}


def tell(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """What was taken since `watch` and is still there after a collection; and the watch is over."""
    reused = not _empties or not _core.empty_free_lists(0)
    if _empties:
        _empties.clear()
        gc.unfreeze()
    gc.collect()
    _core.end_allocations()
    try:
        told = _core.tell_allocations(_types(), _FEWEST)
    finally:
        _core.forget_allocations()
    rows = [row for row in map(_without_ours, told["rows"]) if row["lines"]]
    rows.sort(key=lambda row: -int(row["count"]))
    del rows[_MOST:]
    qualify(line for row in rows for line in row["lines"])
    return {"rows": rows, "seen": told["seen"], "missed": told["missed"], "reused": reused, "why": ""}


def _without_ours(row: dict[str, Any]) -> dict[str, Any]:
    """The lines as far as Outlive's own that called them; none where the innermost is Outlive's."""
    lines = row["lines"]
    end = next((at for at, line in enumerate(lines) if is_ours(line[0])), len(lines))
    return {**row, "lines": [list(line) for line in lines[:end]], "native": [list(frame) for frame in row["native"]]}


def _types() -> dict[int, str]:
    """Every class that lives, by its address: as a person would name it."""
    names: dict[int, str] = {}
    waiting: list[type] = [object]
    while waiting:
        kind = waiting.pop()
        if id(kind) not in names:
            module = _MODULE(kind)
            prefix = f"{module}." if isinstance(module, str) and module != "builtins" else ""
            names[id(kind)] = f"{prefix}{_NAME(kind)}"
            waiting += type.__subclasses__(kind)
    return names
