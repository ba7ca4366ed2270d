"""Stamps in the child: begun before the scenario is loaded, told which step runs, and never a reason to fail.

Ticks are those of `outlive.capture.stamps`, which is the parent's and is not imported here: 1 until the first step,
2 + k in step k, `BETWEEN` while we settle and count. A scenario whose stamps could not begin is measured all the same.
"""

from __future__ import annotations

import os

from outlive import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SITES_VARIABLE = "OUTLIVE_TRIAL_SITES"  # as in `launch`, which is the parent's and is not imported here
FIRST_STEP, BETWEEN = 2, 0xFFFFFFFF
_STAMPS = _core.Stamps()
tick: Callable[[int], object] = _STAMPS.tick
"""Set the tick; does nothing while there are no stamps. While native memory is looked at, its recorder is told."""


def begin() -> None:
    """Begin, if the parent asked for it; its variable is taken out of the environment."""
    if os.environ.pop(SITES_VARIABLE, "") != "1" or _STAMPS.mode != "off":
        return
    watcher = os.path.dirname(os.path.abspath(__file__))
    try:
        _STAMPS.start(ours=_folder(os.path.dirname(watcher)), watcher=_folder(watcher))
    except (MemoryError, ValueError):
        pass  # `told` says so


def told() -> dict[str, Any]:
    """How stamps are kept, as plain data for the wire: `mode` is "off", "tracer" or "allocator"."""
    return dict(_STAMPS.facts)


def mapped_bytes() -> int:
    """Address space that is ours, not the scenario's."""
    return _STAMPS.mapped_bytes


def deepen(depth: int) -> dict[str, Any]:
    """Keep so many lines of the call stack from here on; more than is possible is as many as possible."""
    if _STAMPS.mode != "off":
        _STAMPS.depth(max(1, min(depth, 64)))
    return told()


def _folder(path: str) -> bytes:
    return os.path.join(path, "").encode("utf-8", "replace")
