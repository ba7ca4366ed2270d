"""What fixtures of wider scope have in hand while they live: what they gave, and what waits in them to be torn down.

Refuses to keep any of it: it is looked up in pytest's own fixture definitions when somebody asks.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type, types.ModuleType, types.FunctionType)
_WAITING = (types.GeneratorType, types.AsyncGeneratorType)


class WideFixtures:
    """The living ones, by the number of their life."""

    def __init__(self) -> None:
        self._definitions: dict[int, Any] = {}

    def begin(self, number: int, fixturedef: Any) -> None:
        self._definitions[number] = fixturedef

    def end(self, number: int) -> None:
        self._definitions.pop(number, None)

    def in_hand(self) -> dict[int, list[int]]:
        """Addresses, by the number of the life; also of those that have nothing in hand."""
        return {number: [id(one) for one in _held(one)] for number, one in self._definitions.items()}


def _held(fixturedef: Any) -> Iterator[Any]:
    result = getattr(fixturedef, "cached_result", None)
    if result and type(result[0]) not in _PLAIN:
        yield result[0]
    finalizers = getattr(fixturedef, "_finalizers", ())
    for finalizer in list(finalizers.values() if isinstance(finalizers, dict) else finalizers):
        yield from (one for one in _parts(finalizer) if type(one) in _WAITING)


def _parts(finalizer: Any) -> Iterator[Any]:
    """What a finalizer has: pytest gives it the fixture's generator, plugins close over theirs."""
    if type(finalizer) is functools.partial:
        yield from finalizer.args
    for cell in getattr(finalizer, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:
            pass  # a cell that is still empty
