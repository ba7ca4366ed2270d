"""Where, and in whose life, an object was made: the seam to the stamps.

Answers None for what has no stamp. Refuses to guess: an object without a stamp is nobody's, unless its kind carries
its life by itself (tasks and timers keep their context).
"""

from __future__ import annotations

import gc
import os
import sysconfig
from dataclasses import dataclass
from typing import Any

from outlive import _core
from outlive.lifetimes.clock import carry_scopes, follow_stamps

_STAMPS: Any = _core.Stamps()
_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
# From a line of the standard library one goes on to whoever called it: people look for the line of their own that said
# `call_later` or `create_connection`.
_STDLIB = os.path.join(sysconfig.get_path("stdlib"), "")
_began = False


@dataclass(frozen=True)
class Birth:
    """`scope` is the life's number, 0 for nobody's."""

    scope: int
    file: str
    line: int
    function: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"

    @property
    def in_library(self) -> bool:
        """Made where no line but the standard library's is known."""
        return not self.file or self.file.startswith(_STDLIB)


def begin() -> None:
    """Begin to stamp, unless somebody else has; a refusal only means that less is known."""
    global _began
    try:
        if _STAMPS.mode == "off":
            _STAMPS.start(ours=os.fsencode(_OURS), through=(os.fsencode(_STDLIB),), sparse=True)
            _began = True
        follow_stamps()
        carry_scopes()  # every test is a scope
    except (MemoryError, ValueError, RuntimeError):
        pass


def end() -> None:
    """Forget the stamps, if they are ours."""
    global _began
    if _began:
        _began = False
        _STAMPS.stop()


def known() -> bool:
    """Whether stamps tell whose an object is."""
    return bool(_STAMPS.mode != "off")


def of(thing: Any) -> Birth | None:
    """When and where this object was made, and in whose life."""
    if not known():
        return None
    told = _STAMPS.of(thing)
    return None if told is None else Birth(scope=told[1], file=told[2], line=told[3], function=told[4])


def living(types: tuple[type, ...]) -> list[Any]:
    """Living objects of these types. Goes through the whole heap: only asked when there is something to find."""
    if known():
        made: list[Any] = _STAMPS.made(0, None, types)
        return made
    return [one for one in gc.get_objects() if issubclass(type(one), types)]
