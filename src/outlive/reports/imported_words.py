"""A finding of other tools as a sentence: what is lost or used wrongly, how much, where. Lays nothing out."""

from __future__ import annotations

from outlive.model.imported import ImportedFinding, Loss
from outlive.reports.amounts import byte_size, counted

_THINGS = {
    "native": "block",
    "fd": "descriptor",
    "stream": "stream",
    "talloc": "talloc context",
    "libuv-handle": "libuv handle",
}
_LOSSES = {
    Loss.DEFINITE: "lost",
    Loss.INDIRECT: "lost, with what pointed to it",
    Loss.POSSIBLE: "possibly lost",
    Loss.REACHABLE: "still reachable at the end",
    Loss.UNFREED: "not given back at the end",
}
_BROKEN = {
    "double-free": "memory freed twice",
    "invalid-free": "free of what was never allocated",
    "mismatched-deallocator": "memory freed by another family than allocated it",
    "use-after-free": "memory used after it was freed",
    "out-of-bounds": "access outside of a block",
    "uninitialised": "uninitialised memory decides or leaves the program",
    "overlap": "copy between overlapping blocks",
    "bad-allocation": "an allocation that cannot be meant",
    "crash": "a crash on a bad address",
    "fd-double-close": "a descriptor closed twice",
    "fd-bad-use": "a descriptor used that is not open",
}


def headline(one: ImportedFinding) -> str:
    """ "320 B in 5 blocks lost: three.c:9 in session_open"."""
    where = f": {one.place}" if one.place else ""
    if one.loss is None:
        return f"{_BROKEN.get(one.kind, one.kind)}{where}"
    state = _LOSSES[one.loss] if one.seen else "lost on a path through the code"
    return f"{_amount(one)} {state}{where}"


def _amount(one: ImportedFinding) -> str:
    thing = _THINGS.get(one.resource, one.resource)
    if one.bytes < 0:
        return counted(one.count, thing) if one.count >= 0 else f"a {thing}"
    return f"{byte_size(one.bytes)} in {counted(one.count, thing)}" if one.count >= 0 else byte_size(one.bytes)
