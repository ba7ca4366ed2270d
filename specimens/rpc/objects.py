"""What this side has lent to the other: functions and objects, under a number each.

A loan ends when the other side has let go of it as often as it was sent, when its time is up (`Lent`), or when the
peer closes. The same object sent twice has one number.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)
MARK = "_rpc_by_reference"


def by_reference(cls: Class) -> Class:
    """Instances of the class stay here; the other side gets a remote object that calls them."""
    setattr(cls, MARK, True)
    return cls


@dataclass(frozen=True)
class Lent:
    """An argument that is lent for so many seconds only: `call("jobs", "start", Lent(progress, 60))`."""

    value: Any
    seconds: float


@dataclass
class Loan:
    value: Any
    sent: int = 0
    until: float | None = None


class ObjectStore:
    """Numbers of lent objects, both ways round."""

    def __init__(self) -> None:
        self._loans: dict[int, Loan] = {}
        # Bound methods are made anew at each access, so identity is that of function and instance.
        self._numbers: dict[tuple[int, int], int] = {}
        self._next = itertools.count(1)

    def __len__(self) -> int:
        return len(self._loans)

    def __iter__(self) -> Iterator[Any]:
        return iter([loan.value for loan in self._loans.values()])

    def lend(self, value: Any, until: float | None = None) -> int:
        """The number to send. Each call must be matched by a return."""
        key = _identity(value)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = next(self._next)
            self._loans[number] = Loan(value)
        loan = self._loans[number]
        loan.sent += 1
        loan.until = until
        return number

    def find(self, number: int) -> Any:
        """The lent object. Raises `LookupError` when the loan has ended."""
        loan = self._loans.get(number)
        if loan is None:
            raise LookupError(f"object {number} is not lent (any more)")
        return loan.value

    def take_back(self, number: int, times: int = 1) -> None:
        """The other side let go of what it received so many times."""
        loan = self._loans.get(number)
        if loan is None:
            return
        loan.sent -= times
        if loan.sent <= 0:
            self._end(number)

    def sweep(self, now: float) -> int:
        """End the loans whose time is up."""
        due = [number for number, loan in self._loans.items() if loan.until is not None and loan.until <= now]
        for number in due:
            self._end(number)
        return len(due)

    def _end(self, number: int) -> None:
        del self._numbers[_identity(self._loans.pop(number).value)]

    def clear(self) -> None:
        self._loans.clear()
        self._numbers.clear()


def _identity(value: Any) -> tuple[int, int]:
    function = getattr(value, "__func__", None)
    return (id(value), 0) if function is None else (id(function), id(value.__self__))
