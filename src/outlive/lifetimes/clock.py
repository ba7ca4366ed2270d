"""The logical clock of ends, seconds since the watching began, and the variable that carries a scope's number.

Theory of operation. A tick is a whole number that goes up with every end. Stamps, where they are on, note the tick of
each object's making; so what wears a higher tick than an end was made after it. `advance` gives the number that was
current until now: the end's own. Two ends at once in two threads may leave the clock at the lower of their numbers
until the next one; then something made after an end looks as old as the end, and nobody is accused of it.

The stamps of a trial (`outlive check`) count steps, not ends: their clock is left alone, and ours reads theirs
(`count_steps`). Then an end has the tick of the step that it came in: what wears a higher one was made after it, of
what wears the same nobody can say. Scopes are carried once there is one: stamps that read a variable cost more.
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

    __slots__ = ("_began", "_has_scopes", "_next", "_stamps", "_step_tick", "now")

    def __init__(self) -> None:
        self.now = 1
        self._next = count(2)
        self._began = monotonic()
        self._stamps: Any = _core.Stamps()
        self._has_scopes = False
        self._step_tick: Callable[[], int] | None = None

    def count_steps(self, step_tick: Callable[[], int]) -> None:
        """From here on the tick is what `step_tick` says: that of the step which a trial runs."""
        self._step_tick = step_tick

    def tick(self) -> int:
        return self.now if self._step_tick is None else self._step_tick()

    def advance(self) -> int:
        """End the present tick and give its number."""
        if self._step_tick is not None:
            return self._step_tick()
        ended = self.now
        self.now = min(next(self._next), _LAST_TICK)
        self.follow_stamps()
        return ended

    def follow_stamps(self) -> None:
        """Let the stamps wear our ticks and scopes, if there are stamps and they are not a trial's."""
        if self._stamps.mode == "off" or _STEPPING in sys.modules:
            return
        if self._has_scopes:
            self._stamps.scope_variable(SCOPE)
        self._stamps.tick(self.now)

    def carry_scopes(self) -> None:
        """A scope begins: stamps wear scopes from here on, in a trial that counts its steps as well."""
        self._has_scopes = True
        if self._stamps.mode != "off" and (self._step_tick is not None or _STEPPING not in sys.modules):
            self._stamps.scope_variable(SCOPE)

    def seconds(self, monotonic: Callable[[], float] = monotonic) -> float:
        """Since the watching began. The clock is bound as a default: libraries that freeze time replace names."""
        return monotonic() - self._began


CLOCK = Clock()


def tick() -> int:
    """The tick of what is made just now."""
    return CLOCK.tick()


def advance() -> int:
    """Something has ended: the number of the tick that ends with it."""
    return CLOCK.advance()


def seconds() -> float:
    return CLOCK.seconds()


def count_steps(step_tick: Callable[[], int]) -> None:
    """This is a trial, whose stamps count steps; see `Clock.count_steps`."""
    CLOCK.count_steps(step_tick)


def carry_scopes() -> None:
    CLOCK.carry_scopes()


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
