"""Scopes: what is made while one runs, in its context, must be gone when it ends, except what it gave back.

Theory of operation. A scope is a number in a context variable, so each task and each `to_thread` call carries its own,
and what is created there inherits it; a plain thread starts in none. Stamps wear the number of the context in which an
object was made. A scope that ends in another context than it began in (an async generator closed by the loop) ends all
the same; the number is then taken off only where it is ours.

Rows are kept for looks, bounded: the first and the last that ended, and all that still run.
"""

from __future__ import annotations

from _contextvars import Token
from itertools import count

from outlive.lifetimes import clock
from outlive.lifetimes.clock import SCOPE
from outlive.lifetimes.ended import musts
from outlive.lifetimes.notebook import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, TypeVar

    T = TypeVar("T")

_FIRST, _LAST = 1024, 4096
_MOST_RETURNED = 1000
_BEYOND_SMALL = 1_000_000  # numbers that the interpreter has not made beforehand
_NUMBERS = count(1)
_RUNNING: dict[int, Running] = {}
_OVER = Kept(_FIRST, _LAST)


class Running:
    """One lifetime of one scope: begins when it is made. Its number may be carried into contexts by `enter`."""

    __slots__ = ("_row", "number")

    def __init__(self, name: str, must: tuple[str, ...], kind: str) -> None:
        self.number = next(_NUMBERS)
        self._row: dict[str, Any] = {
            "number": self.number, "name": name, "kind": kind, "began_at": clock.seconds(), "ended_at": None,
            "tick": clock.tick(), "ended_tick": 0, "must": list(must), "returned": [], "parent": SCOPE.get(),
        }  # fmt: skip
        _RUNNING[self.number] = self
        clock.carry_scopes()

    def enter(self) -> Token[int]:
        """Carry the number in this context; what comes back undoes it."""
        return SCOPE.set(self.number)

    def leave(self, token: Token[int]) -> None:
        try:
            SCOPE.reset(token)
        except (ValueError, RuntimeError):  # another context, or left already
            if SCOPE.get() == self.number:
                SCOPE.set(0 if token.old_value is Token.MISSING else token.old_value)

    def returns(self, obj: T) -> T:
        returned = self._row["returned"]
        if len(returned) < _MOST_RETURNED:
            returned.append(id(obj))
        return obj

    def end(self) -> None:
        if _RUNNING.pop(self.number, None) is None:
            return  # ended before
        self._row["ended_at"] = clock.seconds()
        self._row["ended_tick"] = clock.advance()
        _OVER.append(self._row)

    def as_dict(self) -> dict[str, Any]:
        return dict(self._row)


class scope:
    """`with outlive.scope("request"):` what is made inside and alive afterwards has outlived it.

    Works with `with` and `async with`, nested, in threads and in any number of tasks at once. `must` is what has to be
    gone ("everything" unless said otherwise; the words are those of `outlive.ends`). Hand what rightly lives on to
    `returns`.

    >>> with scope("request") as request:
    ...     answer = request.returns(dict(status=200))
    """

    __slots__ = ("_entered", "_kind", "_must", "name")

    def __init__(self, name: str, *, must: object = ("everything",), kind: str = "scope") -> None:
        self.name = name
        self._must = musts(must)
        self._kind = kind
        self._entered: dict[int, tuple[Running, Token[int]]] = {}

    def returns(self, obj: T) -> T:
        """Say that `obj` (and what only it holds) rightly outlives this scope. Gives it back."""
        entered = self._entered.get(SCOPE.get()) or next(reversed(list(self._entered.values())), None)
        if entered is not None:
            entered[0].returns(obj)
        return obj

    @property
    def number(self) -> int:
        """The number that this scope carries in the present context; 0 outside of it."""
        number = SCOPE.get()
        return number if number in self._entered else 0

    def __enter__(self) -> scope:
        running = Running(self.name, self._must, self._kind)
        self._entered[running.number] = running, running.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        number = SCOPE.get()
        if number not in self._entered:
            number = max(self._entered, default=0)  # left in another context than it was entered in
        running, token = self._entered.pop(number, (None, None))
        if running is not None and token is not None:
            running.leave(token)
            running.end()

    async def __aenter__(self) -> scope:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def scope_rows(most: int = _FIRST + _LAST) -> list[dict[str, Any]]:
    """With the keys of `model.look.Scope`: the last `most` of those over, then those that run, each by number."""
    over = _OVER.rows()[-most:]
    running = [one.as_dict() for one in list(_RUNNING.values())]
    return [one for one in sorted(over, key=_number) if one["kind"] != "none"] + sorted(running, key=_number)


def keep_last(most: int) -> None:
    """For who counts what the program keeps: the last `most` scopes, whose room is taken at once.

    Rows like those to come are put there, so that no scope of the program's makes the books grow.
    """
    global _OVER, _NUMBERS
    _OVER = Kept(0, most)
    _NUMBERS = count(_BEYOND_SMALL)
    for _ in range(most):
        Running("", ("everything",), "none").end()
    _OVER.begin_anew()


def forgotten() -> int:
    """Scopes that ended and whose rows were not kept."""
    return _OVER.forgotten


def _number(row: dict[str, Any]) -> int:
    number: int = row["number"]
    return number
