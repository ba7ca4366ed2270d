"""Temporary files and folders that this process made through `tempfile` and that are still there.

Nothing in the system records who made a file; so the calls that make them are watched, once `tempfile` is loaded. What
a program puts into a temporary folder by other means is not known here.
"""

from __future__ import annotations

import os
import sys

from outlive.lifetimes import calls, imports
from outlive.lifetimes.clock import SCOPE
from outlive.lifetimes.notebook import site_row
from outlive.lifetimes.places import called_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_MOST = 10_000
_made: dict[str, tuple[Any, int, int]] = {}  # by path: place, scope, process


def watch() -> None:
    imports.when_imported("tempfile", _attach)


def rows() -> list[dict[str, Any]]:
    """With the keys of `model.look.Open`; forgets what is gone."""
    found = []
    for path, (place, scope, pid) in list(_made.items()):
        if pid != os.getpid() or not os.path.lexists(path):
            _made.pop(path, None)
            continue
        state = "folder" if os.path.isdir(path) else ""
        found.append({"kind": "temp-file", "name": path, "state": state, "site": site_row(place), "scope": scope})
    return found


def owner_of(path: str) -> tuple[int, Any, int]:
    """(0, site, scope) of the call that made the file; a descriptor of it may have no Python object."""
    place, scope, pid = _made.get(path, (None, 0, 0))
    return (0, site_row(place), scope) if pid == os.getpid() else (0, None, 0)


def _attach(module: Any) -> None:
    calls.watch(module, "_mkstemp_inner", names=(), after=_made_file)
    calls.watch(module, "mkdtemp", names=(), after=_made_folder)


def _made_file(values: Any, result: Any, error: BaseException | None, caller: FrameType | None) -> None:
    _note(result[1], caller)


def _made_folder(values: Any, result: Any, error: BaseException | None, caller: FrameType | None) -> None:
    _note(result, caller)


def _note(path: Any, caller: FrameType | None) -> None:
    if len(_made) < _MOST and isinstance(path, (str, bytes)):
        place = called_from(_outside(caller))
        _made[os.path.abspath(os.fsdecode(path))] = (place, SCOPE.get(), os.getpid())


def _outside(frame: FrameType | None) -> FrameType | None:
    """The first frame that is not `tempfile`'s own."""
    own = getattr(sys.modules.get("tempfile"), "__file__", None)
    while frame is not None and frame.f_code.co_filename == own:
        frame = frame.f_back
    return frame
