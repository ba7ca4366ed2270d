"""The contract language: TOML in, contracts out, and every mistake said with the file, the row and what to write.

    [[lifetime]]
    begins = "shop.api:Session.__init__"
    ends = ["shop.api:Session.close", "shop.api:Session.abort"]
    must = ["garbage", "tasks", "timers"]

    [[resource]]
    type = "shop.pool.Lease"
    kind = "lease"
    end_with = "release()"
    ended = ["_released is true"]
    matters = "the pool stays one connection short"

    [packs]
    off = ["logging"]

Knows the text alone: whether a place exists is found when it is attached to the program. All mistakes of a text are
told at once, so that nobody mends them one run at a time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from outlive.contracts.conditions import condition_of
from outlive.contracts.places import default_name, place_mistake, type_mistake
from outlive.errors import UsageError
from outlive.model.contracts import MUST, Condition, Lifetime, Pack, Resource, Use

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EVERYTHING, NOTHING = "everything", "nothing"
_TOP = ("name", "requires", "lifetime", "resource", "use", "packs")
_LIFETIME = ("begins", "ends", "must", "of", "name", "matters", "optional", "in_use", "waits")
_USE = ("by", "of", "kind", "until", "matters")
_RESOURCE = ("type", "kind", "end_with", "matters", "ended", "idle", "harmless")

_PATH = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_TERM = rf"({_PATH}(\[\](\.{_PATH})?)?|\d+)"
_COUNTED = re.compile(rf"{_TERM}( [+-] {_TERM})*( if {_PATH})?")
_NAME = r"[^\W\d]\w*(\[\])?"
_USED = re.compile(rf"{_NAME}(\.{_NAME})*")
_HOW_TO_COUNT = (
    "write an attribute, with dots for those of attributes and [] for each of its elements, or a sum of them, "
    'as in "_pool.maxsize - _pool.queue"'
)


class ContractError(UsageError):
    """A contract says what cannot be: each mistake with its file, its row and what to write instead."""

    slug = "contract"

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        first, *others = mistakes
        super().__init__(
            "\n".join([first, *others]),
            why="a contract that is read wrongly would watch nothing and say so to nobody",
            hint="correct the rows above; the words are in docs/reference/contracts.md",
        )


@dataclass(frozen=True)
class Document:
    """One file of contracts: its rows, and the names of packs that it switches off."""

    pack: Pack
    off: tuple[str, ...] = ()


def parse(text: str, file: str) -> Document:
    """The contracts that the text of `file` declares. Raises ContractError with every mistake in it.

    >>> parse('[[lifetime]]\\nbegins = "app:Job"\\nends = "app:Job.stop"', "outlive.toml").pack.lifetimes[0].of
    'self'
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError([f"{file}: this is not TOML: {error}"]) from None
    reader = _Reader(text, file)
    found = reader.document(table)
    if reader.mistakes:
        raise ContractError(reader.mistakes)
    return found


@dataclass
class _Reader:
    """Reads tables and collects what is wrong with them."""

    text: str
    file: str
    mistakes: list[str] = field(default_factory=list)

    def document(self, table: dict[str, Any]) -> Document:
        top = _Row(f"{self.file}: ", table, self.mistakes)
        top.only(_TOP)
        name, requires = top.text("name", self.file), top.text("requires")
        off = self._off(table.get("packs", {}))
        lifetimes = tuple(self._lifetime(row, name) for row in self._rows(table, "lifetime"))
        resources = tuple(self._resource(row, name) for row in self._rows(table, "resource"))
        uses = tuple(self._use(row, name) for row in self._rows(table, "use"))
        self._no_twins("lifetime", [one.begins for one in lifetimes])
        self._no_twins("resource", [one.type for one in resources])
        return Document(Pack(name, requires, lifetimes, resources, uses), off)

    def _off(self, table: Any) -> tuple[str, ...]:
        if not isinstance(table, dict):
            self.mistakes.append(f'{self.file}: `packs` must be a table: write [packs] and below it off = ["logging"]')
            return ()
        row = _Row(f"{self.file}, [packs]: ", table, self.mistakes)
        row.only(("off",))
        return row.texts("off")

    def _lifetime(self, row: _Row, pack: str) -> Lifetime:
        row.only(_LIFETIME)
        begins, ends = row.place("begins"), row.texts("ends", row.place_mistake)
        if begins and not ends and row.well:
            row.wrong(f'`ends` is missing: write the call that ends it, as in ends = "{begins.split(".__")[0]}.close"')
        must = row.texts("must", _must_mistake) or ("garbage",)
        of = row.text("of", "self")
        if not of.isidentifier():
            row.wrong(f'`of` is {of!r}: write "self", "result", or the name of an argument of the ending call')
        name = row.text("name") or (default_name(begins, ends[0]) if begins and ends else "")
        return Lifetime(
            begins, ends, must, of, name, row.text("matters"), pack, row.flag("optional"), row.counts("in_use"),
            row.flag("waits"),
        )  # fmt: skip

    def _resource(self, row: _Row, pack: str) -> Resource:
        row.only(_RESOURCE)
        of_type = row.needed("type", 'write the full name of a class, as in type = "shop.pool.Lease"', type_mistake)
        kind = row.needed("kind", 'write what people call it, as in kind = "connection"')
        end_with = row.needed("end_with", 'write the call that ends it, as in end_with = "close()"')
        ended, idle = row.conditions("ended"), row.conditions("idle")
        if not ended and row.well:
            row.wrong('`ended` is missing: write how one sees that it has ended, as in ended = ["_closed is true"]')
        return Resource(of_type, kind, end_with, row.text("matters"), ended, idle, row.flag("harmless"), pack)

    def _use(self, row: _Row, pack: str) -> Use:
        row.only(_USE)
        by = row.needed(
            "by", 'write the full name of the class that uses it, as in by = "logging.Logger"', type_mistake
        )
        of = row.needed("of", 'write the attribute with what is used, as in of = "handlers[].stream"', _of_mistake)
        kind = row.needed("kind", 'write what people call the user, as in kind = "logger"')
        return Use(by, of, kind, row.text("matters"), row.conditions("until"), pack)

    def _rows(self, table: dict[str, Any], key: str) -> list[_Row]:
        rows = table.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.mistakes.append(f"{self.file}: `{key}` must be a list of tables: write [[{key}]], in two brackets")
            return []
        where = self._places(key, len(rows))
        return [_Row(f"{self.file}{line}, [[{key}]] {at + 1}: ", rows[at], self.mistakes) for at, line in where]

    def _places(self, key: str, count: int) -> list[tuple[int, str]]:
        """(number, ":line") of each row; no line where the headers in the text are not as many as the rows."""
        header = re.compile(rf"\s*\[\[\s*{key}\s*\]\]")
        lines = [f":{number}" for number, line in enumerate(self.text.splitlines(), 1) if header.match(line)]
        return list(enumerate(lines if len(lines) == count else [""] * count))

    def _no_twins(self, key: str, names: list[str]) -> None:
        for name in sorted({name for name in names if name and names.count(name) > 1}):
            numbers = " and ".join(str(at + 1) for at, one in enumerate(names) if one == name)
            self.mistakes.append(f"{self.file}, [[{key}]] {numbers}: {name!r} is declared twice; make one row of them")


@dataclass
class _Row:
    """One table, asked for its keys by kind. `well`: nothing was wrong with it so far."""

    where: str
    table: dict[str, Any]
    mistakes: list[str]
    well: bool = True

    def wrong(self, words: str) -> None:
        self.well = False
        self.mistakes.append(self.where + words)

    def only(self, keys: Sequence[str]) -> None:
        for key in self.table:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                instead = f"did you mean `{near[0]}`?" if near else f"the keys here are {', '.join(keys)}"
                self.wrong(f"`{key}` is not known; {instead}")

    def text(self, key: str, default: str = "") -> str:
        value = self.table.get(key, default)
        if isinstance(value, str):
            return value.strip()
        self.wrong(f"`{key}` must be a text in quotes, not {value!r}")
        return default

    def flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.wrong(f"`{key}` must be true or false, not {value!r}")
        return value is True

    def needed(self, key: str, instead: str, mistake: Callable[[str], str] = lambda text: "") -> str:
        value = self.text(key)
        if not value and self.well:
            self.wrong(f"`{key}` is missing: {instead}")
        elif value and (said := mistake(value)):
            self.wrong(f"`{key}`: {said}")
        return value

    def place(self, key: str) -> str:
        return self.needed(key, f'write a place, as in {key} = "shop.api:Session.__init__"', self.place_mistake)

    def place_mistake(self, place: str) -> str:
        begins = self.table.get("begins")
        return place_mistake(place, begins if isinstance(begins, str) else "")

    def texts(self, key: str, mistake: Callable[[str], str] = lambda text: "") -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self.table.get(key, [])
        rows = [value] if isinstance(value, str) else value
        if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
            self.wrong(f"`{key}` must be a text in quotes or a list of them, not {value!r}")
            return ()
        for row in rows:
            if said := mistake(row):
                self.wrong(f"`{key}`: {said}")
        twins = sorted({row for row in rows if rows.count(row) > 1})
        if twins:
            self.wrong(f"`{key}` names {twins[0]!r} twice")
        return tuple(rows)

    def counts(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of what to count and how to call it."""
        value = self.table.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(words, str) for words in value.values()):
            self.wrong(f'`{key}` must be a table of texts, as in {key} = {{ "_acquired" = "connections given out" }}')
            return ()
        for counted in value:
            if not _COUNTED.fullmatch(counted):
                self.wrong(f"`{key}`: {counted!r} counts nothing; {_HOW_TO_COUNT}")
        return tuple((counted, words.strip()) for counted, words in value.items())

    def conditions(self, key: str) -> tuple[Condition, ...]:
        found = []
        for text in self.texts(key):
            try:
                found.append(condition_of(text))
            except ValueError as error:
                self.wrong(f"`{key}`: {error}")
        return tuple(found)


def _of_mistake(path: str) -> str:
    if _USED.fullmatch(path):
        return ""
    return f"{path!r} is no attribute; write its name, dots for those of attributes and [] for each of its elements"


def _must_mistake(word: str) -> str:
    words = (*MUST, EVERYTHING, NOTHING)
    if word in words:
        return ""
    near = get_close_matches(word, words, 1)
    instead = f"did you mean {near[0]!r}?" if near else f"the words are {', '.join(words)}"
    return f"{word!r} is nothing that can be asked to be gone; {instead}"
