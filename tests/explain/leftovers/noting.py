"""The watched side in little, for programs of these tests: ends are noted, the clock goes on, a look is written.

    from noting import ends, look
    ends(session, "session closed"); look("asked")

A look is a snapshot beside a JSON file; `seen_programs.py` reads both. Nothing is kept alive: of objects only their
addresses stay.
"""

from __future__ import annotations

import contextvars
import json
import os
import sys
from typing import Any

import outlive
from outlive import _core

_STAMPS = _core.Stamps()
_STAMPS.start(4, ours=os.path.dirname(outlive.__file__).encode())
_SCOPE: contextvars.ContextVar[int] = contextvars.ContextVar("scope", default=0)
if hasattr(_STAMPS, "scope_variable"):
    _STAMPS.scope_variable(_SCOPE)
_now = 1
_ended: list[dict[str, Any]] = []


def _advance() -> int:
    global _now
    _now += 1
    _STAMPS.tick(_now)
    return _now - 1


def ends(thing: object, lifetime: str, must: tuple[str, ...] = ("garbage",), fate: str = "", **more: Any) -> None:
    """The lifetime of the object is over."""
    _ended.append(
        {
            "address": id(thing),
            "type": f"{type(thing).__module__}.{type(thing).__qualname__}",
            "lifetime": lifetime,
            "at": float(len(_ended)),
            "tick": _advance(),
            "must": must,
            "fate": fate,
            "site": _caller(2),
            **more,
        }
    )


def in_scope(number: int) -> None:
    """What this context makes from here on is of this scope; without scopes in stamps nothing happens."""
    _SCOPE.set(number)


def tick() -> int:
    """Let the clock go on, as another object's end would."""
    return _advance()


def _caller(depth: int) -> tuple[str, int, str]:
    frame = sys._getframe(depth)
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def look(name: str, reason: str = "asked", **more: Any) -> None:
    """Write `name`.outlive and `name`.json beside the program; `more` are further fields of the look."""
    folder = sys.argv[1]
    said = {"reason": reason, "at": float(len(_ended)), "tick": _now, "ended": list(_ended), **more}
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump(said, file)
    del said, file
    outlive.snapshot(f"{folder}/{name}.outlive")
