"""The logical clock of ends, seconds since the watching began, and the variable that carries a scope's number.

Theory of operation. A tick is a whole number that goes up with every end. Stamps, where they are on, note the tick of
each object's making; so what wears a higher tick than an end was made after it. `advance` gives the number that was
current until now: the end's own. Two ends at once in two threads may leave the clock at the lower of their numbers
until the next one; then something made after an end looks as old as the end, and nobody is accused of it.

The stamps of a trial (`outlive check`) count steps, not ends: their clock is left alone.
"""

from __future__ import annotations

import sys
from _contextvars import ContextVar
from itertools import count
from time import monotonic

from outlive import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SCOPE: ContextVar[int] = ContextVar("outlive_scope", default=0)
"""The number of the scope that this context runs in; 0 is none. The native stamps read it."""

_LAST_TICK = 0xFFFFFFFE  # one below the number that stamps keep for "by the watcher itself"
_STEPPING = "outlive.trial.stamping"


class Clock:
    """One clock a process; its `now` is the tick of what is made just now."""

    __slots__ = ("_began", "_following", "_next", "_stamps", "now")

    def __init__(self) -> None:
        self.now = 1
        self._next = count(2)
        self._began = monotonic()
        self._stamps: Any = _core.Stamps()
        self._following = False

    def advance(self) -> int:
        """End the present tick and give its number."""
        ended = self.now
        self.now = min(next(self._next), _LAST_TICK)
        self.follow_stamps()
        return ended

    def follow_stamps(self) -> None:
        """Let the stamps wear our ticks and scopes, if there are stamps and they are not a trial's."""
        if self._stamps.mode == "off" or _STEPPING in sys.modules:
            self._following = False
            return
        if not self._following:
            self._following = True
            follow_scopes = getattr(self._stamps, "scope_variable", None)
            if follow_scopes is not None:
                follow_scopes(SCOPE)
        self._stamps.tick(self.now)

    def seconds(self, monotonic: Callable[[], float] = monotonic) -> float:
        """Since the watching began. The clock is bound as a default: libraries that freeze time replace names."""
        return monotonic() - self._began


CLOCK = Clock()


def tick() -> int:
    """The tick of what is made just now."""
    return CLOCK.now


def advance() -> int:
    """Something has ended: the number of the tick that ends with it."""
    return CLOCK.advance()


def seconds() -> float:
    return CLOCK.seconds()


def follow_stamps() -> None:
    """Call once stamps have been started, so that they begin with the present tick and know of scopes."""
    CLOCK.follow_stamps()


def birth(obj: object) -> tuple[int, int, tuple[str, int, str] | None]:
    """(tick, scope, site) of an object's making as its stamp has it; (0, 0, None) where that is not known."""
    ask = getattr(CLOCK._stamps, "of", None)
    if ask is None or CLOCK._stamps.mode == "off":
        return 0, 0, None
    try:
        stamp = ask(obj)
    except Exception:
        return 0, 0, None
    if stamp is None:
        return 0, 0, None
    made, scope, file, line, function = stamp
    return made, scope, ((file, line, function) if file else None)
