"""What was noticed while the program ran: closings in their order, events, and words for whoever reads the look.

Rows are plain dicts with the keys of `model.look`. Bounded: of a program that closes a million sessions the first and
the last closings are kept, and all of them that were in trouble up to a bound; how many were forgotten is said.
"""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found]
from itertools import count

from outlive.lifetimes import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.lifetimes.places import Place

_FIRST, _LAST, _TROUBLED, _EVENTS, _WORDS = 512, 2048, 1024, 2048, 64


class Kept:
    """Rows in the order of their coming: the first and the last ones. Appending is one atomic step."""

    __slots__ = ("_coming", "_first", "_last", "seen")

    def __init__(self, first: int, last: int) -> None:
        self._first: list[Any] = [None] * first
        self._last: deque[Any] = deque(maxlen=last)
        self._coming = count(1)
        self.seen = 0

    def append(self, row: Any) -> None:
        number = next(self._coming)
        self.seen = number
        if number <= len(self._first):
            self._first[number - 1] = row
        else:
            self._last.append(row)

    def begin_anew(self) -> None:
        """Count from one again; the rows stay until others take their places."""
        self._coming = count(1)
        self.seen = 0

    def rows(self) -> list[Any]:
        return [row for row in [*self._first[: self.seen], *self._last.copy()] if row is not None]

    @property
    def forgotten(self) -> int:
        return max(0, self.seen - len(self.rows()))


class Notebook:
    """One a process."""

    def __init__(self) -> None:
        self._order = count(1)
        self.closings = Kept(_FIRST, _LAST)
        self.troubled = Kept(_TROUBLED, _TROUBLED)
        self.events = Kept(_EVENTS // 2, _EVENTS // 2)
        self.words: deque[str] = deque(maxlen=_WORDS)

    def keep_little(self, events: int) -> None:
        """For who counts what the program keeps: no closings, and so many events, whose room is taken at once."""
        self.closings, self.troubled, self.events = Kept(0, 0), Kept(0, 0), Kept(events, 0)

    def closing(self, what: str, type_name: str, place: Place | None, **more: Any) -> None:
        """A call that ended something; `more` are `times`, `trouble`, `detail`, `key`."""
        row = {"at": clock.seconds(), "what": what, "type": type_name, "site": site_row(place), **more}
        (self.troubled if more.get("trouble") else self.closings).append((next(self._order), row))

    def event(self, kind: str, what: str, place: Place | None = None, **more: Any) -> dict[str, Any]:
        """Something noticed; `more` are `detail`, `type`, `tick`, `scope`, `address`."""
        row = {"kind": kind, "at": clock.seconds(), "what": what, "site": site_row(place), "tick": clock.tick(), **more}
        self.events.append(row)
        return row

    def word(self, text: str) -> None:
        """A sentence about the watching itself; each is kept once."""
        if text not in list(self.words):
            self.words.append(text)

    def closing_rows(self, most: int = _FIRST + _LAST + _TROUBLED) -> list[dict[str, Any]]:
        """In the order of the calls; the last `most` of those in trouble and of the others."""
        kept = [*self.closings.rows()[-most:], *self.troubled.rows()[-most:]]
        return [row for _, row in sorted(kept, key=lambda pair: pair[0])]


def site_row(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place[0], "line": place[1], "function": place[2]}


NOTEBOOK = Notebook()
