"""The registry of objects whose lifetime has ended: who they are, when and where that was, without keeping them alive.

Theory of operation. An object that can be referred to weakly is; the reference's callback drops the row before the
address can be used again. Others (instances with `__slots__`, tuples, dicts, lists) are known by address and type, and
by the tick of their making where stamps know it: a look's snapshot then shows whether the same object is still there.
Without a tick an object of the same type at the same address may be another one, so nothing is said about it but that
it cannot be told.

Rows are dropped and added by single dict operations: no lock, so a signal handler may end objects too.
"""

from __future__ import annotations

import sys
from _weakref import ref
from itertools import count

from outlive.lifetimes import clock
from outlive.lifetimes.naming import type_name
from outlive.lifetimes.notebook import NOTEBOOK, site_row
from outlive.lifetimes.places import called_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from outlive.lifetimes.places import Place

    T = TypeVar("T")

_MOST_BY_ADDRESS = 20_000
_NEVER_END = frozenset({"NoneType", "bool", "int", "float", "complex", "str", "bytes", "module", "ellipsis", "type"})


class Row:
    """One ended object. `reference` is None where only the address is known."""

    __slots__ = (
        "address", "at", "closing_tick", "contract", "fate", "inside", "key", "lifetime", "made_tick", "matters",
        "must", "place", "reference", "tick", "times", "type",
    )  # fmt: skip

    address: int
    at: float
    closing_tick: int
    contract: str
    fate: str
    inside: int
    key: int
    lifetime: str
    made_tick: int
    matters: str
    must: tuple[str, ...]
    place: Place | None
    reference: ref[object] | None
    tick: int
    times: int
    type: str

    def as_dict(self) -> dict[str, Any]:
        """With the keys of `model.look.Ended`."""
        return {
            "address": self.address, "type": self.type, "lifetime": self.lifetime, "at": self.at, "tick": self.tick,
            "made_tick": self.made_tick, "contract": self.contract, "must": list(self.must), "matters": self.matters,
            "site": site_row(self.place), "fate": self.fate, "key": self.key, "closing_tick": self.closing_tick,
        }  # fmt: skip

    @property
    def is_alive(self) -> bool | None:
        """None: not to be told from in here."""
        return None if self.reference is None else self.reference() is not None


class _Reference(ref):  # type: ignore[type-arg]
    """A weak reference that knows its row: one callback serves them all."""

    __slots__ = ("row",)
    row: Row


class Registry:
    """Rows by the address of their object, which is its own as long as the row stands."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self._keys = count(1)
        self._gone = self._drop
        self.most = sys.maxsize
        self.most_by_address = _MOST_BY_ADDRESS

    def note(
        self, obj: object, lifetime: str, place: Place | None, *, must: tuple[str, ...], contract: str, matters: str,
        closing_tick: int = 0,
    ) -> Row | None:  # fmt: skip
        """Note an end; the row, with `times` ends so far. None for what never ends (None, numbers, modules).

        `closing_tick`: the tick that was over when the ending call began; 0: that is not known.
        """
        name = type_name(obj)
        if name in _NEVER_END or isinstance(obj, type):
            return None
        row = self.row_of(obj)
        if row is None:
            row = self._begun(obj, name)
        row.times += 1
        row.lifetime, row.place, row.contract, row.matters = lifetime, place, contract, matters
        row.must = tuple(sorted({*row.must, *must})) if row.times > 1 else must
        if row.times == 1:
            row.at, row.tick = clock.seconds(), clock.advance()
            row.closing_tick = closing_tick or row.tick
        return row

    def row_of(self, obj: object) -> Row | None:
        """The row of this very object, if it has ended before."""
        row = self._rows.get(id(obj))
        if row is None:
            return None
        if row.reference is not None:
            return row if row.reference() is obj else None
        made = clock.birth(obj)[0]
        same = row.type == type_name(obj) and made != 0 and made == row.made_tick
        return row if same else None

    def alive(self) -> list[Row]:
        """Rows of objects that are alive, or may be, in the order of their ends."""
        rows = [row for row in list(self._rows.values()) if row.is_alive is not False]
        return sorted(rows, key=_key)

    def _begun(self, obj: object, name: str) -> Row:
        row = Row()
        row.address, row.type, row.made_tick = id(obj), name, clock.birth(obj)[0]
        row.times, row.inside, row.fate, row.key, row.must = 0, 0, "", next(self._keys), ()
        row.closing_tick = 0
        rows = self._rows
        if len(rows) >= self.most:
            row.reference = None
            return row
        try:
            row.reference = known = _Reference(obj, self._gone)
            known.row = row
        except TypeError:
            row.reference = None
            if not self._has_room():
                NOTEBOOK.word("more ended objects than can be kept have no weak references; later ones are not watched")
                return row
        rows[row.address] = row
        return row

    def _drop(self, reference: _Reference) -> None:
        """The object is gone: its address may be another's from now on."""
        row = reference.row
        if self._rows.get(row.address) is row:
            del self._rows[row.address]

    def _has_room(self) -> bool:
        return len(self._rows) < self.most_by_address


def _key(row: Row) -> int:
    return row.key


REGISTRY = Registry()


def ends(obj: T, lifetime: str = "", *, must: object = ("garbage",), matters: str = "") -> T:
    """Say that `obj`'s lifetime ends here; from now on it must become garbage. Gives `obj` back.

    `lifetime` is how a person calls what ended ("session closed"). `must` says what has to be gone with it: "garbage"
    (the object itself), "tasks", "timers", "handles", "transports", "sockets", "fds", "threads", "children",
    "executors", "temp-files", "generators", or "everything". Keeps nothing alive and never fails; whoever ends an
    object twice is told so in the report.

    >>> class Session: ...
    >>> session = ends(Session(), "session closed")
    """
    try:
        note_end(
            obj, lifetime or f"{type_name(obj)} ended", called_from(sys._getframe(1)), must=musts(must), matters=matters
        )
    except Exception:
        pass  # the program's path: whatever is wrong here is not its business
    return obj


def note_end(
    obj: object, lifetime: str, place: Place | None, *, must: tuple[str, ...], matters: str = "", contract: str = "",
    closing_tick: int = 0, trouble: str = "", detail: str = "",
) -> Row | None:  # fmt: skip
    """Note an end and its closing, with the trouble it came in; a second end of one object is trouble by itself."""
    row = REGISTRY.note(obj, lifetime, place, must=must, contract=contract, matters=matters, closing_tick=closing_tick)
    if row is not None:
        trouble = trouble or ("twice" if row.times > 1 else "")
        NOTEBOOK.closing(lifetime, row.type, place, times=row.times, trouble=trouble, detail=detail, key=row.key)
    return row


def musts(words: object) -> tuple[str, ...]:
    """One word or several, as a tuple."""
    if type(words) is tuple:
        return words
    if isinstance(words, str):
        return (words,)
    return tuple(str(word) for word in words)  # type: ignore[attr-defined]
