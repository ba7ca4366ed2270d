"""Which functions of C a line of Python calls: asked where an object was made that native code lost.

A profile function hears of each call to C. It tells names alone and keeps nothing of the program. What it does not
hear of: calls of classes, and of what runs in threads that run already.
"""

from __future__ import annotations

import sys

from outlive.trial.call_stack import c_function, module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from outlive.trial.inside import Inside

_MOST = 64
_listeners: list[_Listener] = []


class _Listener:
    def __init__(self, places: set[tuple[str, int]]) -> None:
        self._places = places
        self.heard: dict[tuple[str, int, str, str], int] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "c_call":
            return
        place = (frame.f_code.co_filename, frame.f_lineno)
        if place in self._places and len(self.heard) < _MOST:
            try:
                key = (*place, c_function(arg), module_of(arg))
                self.heard[key] = self.heard.get(key, 0) + 1
            except Exception:
                self._places.discard(place)  # names that cannot be read are no reason to disturb the program


def watch(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Listen from here on at `places`, pairs of file and line; `why` says what hinders, "" if nothing does."""
    if sys.getprofile() is not None or _listeners:
        return {"why": "a profiler is active in this process"}
    _listeners.append(_Listener({(str(file), int(line)) for file, line in payload["places"]}))
    sys.setprofile(_listeners[0])
    return {"why": ""}


def tell(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """What was called since `watch`, as rows of file, line, function, module and calls; and listening is over."""
    if not _listeners:
        return {"rows": []}
    one = _listeners.pop()
    if sys.getprofile() is one:
        sys.setprofile(None)
    keys = ("file", "line", "function", "module", "calls")
    return {"rows": [dict(zip(keys, (*place, count))) for place, count in one.heard.items()]}
