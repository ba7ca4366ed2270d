"""Ending calls that have begun and not returned yet: since which tick, and whether their loop was closed already.

Theory of operation. A close that awaits takes many turns of the loop, and what is made meanwhile for the closing object
is made too late: nobody will end it. So the clock goes on when the first ending call of an object begins as well as
when its end is noted. Calls of one object count up and down, for a close calls a stop. Notes hang on a weak reference,
so that a call of which no return is seen (its variable was deleted) leaves nothing behind, and keeps nothing alive;
of what cannot be referred to weakly nothing is noted.
"""

from __future__ import annotations

from _weakref import ref

from outlive.lifetimes import clock


class Begun(ref):  # type: ignore[type-arg]
    """Weakly the object; `tick` was over when its first ending call began, `late`: its event loop was closed then,
    `users` are words about who used it then."""

    __slots__ = ("calls", "key", "late", "tick", "users")
    calls: int
    key: int
    late: bool
    tick: int
    users: str


_all: dict[int, Begun] = {}


def begun(obj: object, *, late: bool, users: str = "") -> None:
    """An ending call of this object begins."""
    known = _all.get(id(obj))
    if known is not None and known() is obj:
        known.calls += 1
        known.late |= late
        return
    try:
        one = Begun(obj, _drop)
    except TypeError:
        return
    one.calls, one.key, one.late, one.users, one.tick = 1, id(obj), late, users, clock.advance()
    _all[one.key] = one


def returned(obj: object) -> Begun | None:
    """One of its ending calls is over: what was noted when the first of them began."""
    known = _all.get(id(obj))
    if known is None or known() is not obj:
        return None
    known.calls -= 1
    if known.calls <= 0:
        _all.pop(known.key, None)
    return known


def _drop(one: Begun) -> None:
    if _all.get(one.key) is one:
        del _all[one.key]
