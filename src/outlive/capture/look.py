"""Reading a look that a watched program wrote. The file may come from anywhere: nothing in it is trusted.

Sizes, counts, types and ranges are bounded and checked; keys that are not known are passed over, so that a newer
program's look can be read; keys that are missing have the defaults of `model.look`. Nothing is executed and no other
file is opened: `snapshot` comes back as a plain name beside the look.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, NoReturn, TypeVar

from outlive.errors import OutliveError
from outlive.model.explanation import Site
from outlive.model.look import Closing, Ended, Event, Look, Open, Scope

_MOST_BYTES = 256 * 1024 * 1024
_MOST_ROWS = 1_000_000
_LONGEST_TEXT = 100_000
_MOST_CALLERS = 64
_HIGHEST = 2**64 - 1

T = TypeVar("T")
Reader = Callable[[object, str], Any]


class DamagedLook(OutliveError):
    """The file is not a whole look of a watched program."""

    slug = "damaged-look"

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"{path} is no look that can be read",
            why=why,
            hint="outlive run -- python app.py   writes looks anew; one that was cut off cannot be mended",
        )


class _Wrong(ValueError):
    """What is wrong, and where in the file."""


def load_look(path: str | os.PathLike[str]) -> Look:
    """Read a look. Raises DamagedLook, or OSError when the file cannot be read."""
    name = os.fspath(path)
    with open(path, "rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise DamagedLook(name, f"it is larger than {_MOST_BYTES // 1024 // 1024} MB")
    try:
        data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        return _LOOK(data, "the look")
    except _Wrong as error:
        raise DamagedLook(name, str(error)) from None
    except RecursionError:
        raise DamagedLook(name, "it is nested too deeply") from None
    except ValueError as error:
        raise DamagedLook(name, f"it is no JSON: {error}") from None


def look_from(data: object) -> Look:
    """A look that came as plain data, by a trial's line. Raises OutliveError where it is none."""
    try:
        return _LOOK(data, "the look")
    except _Wrong as error:
        raise DamagedLook("what the scenario's process told of its lifetimes", str(error)) from None


def _no_constant(word: str) -> NoReturn:
    raise _Wrong(f"{word} is no number")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{where} is no text")
    if len(value) > _LONGEST_TEXT:
        raise _Wrong(f"{where} is longer than {_LONGEST_TEXT} characters")
    return value


def _file_name(value: object, where: str) -> str:
    name = _text(value, where)
    if name in (".", "..") or "/" in name or "\0" in name:
        raise _Wrong(f"{where} is no plain file name")
    return name


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _HIGHEST:
        raise _Wrong(f"{where} is no whole number from 0 to 2**64 - 1")
    return value


def _number(value: object, where: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= 1e300:
        raise _Wrong(f"{where} is no number")
    return float(value)


def _perhaps(read: Reader) -> Reader:
    return lambda value, where: None if value is None else read(value, where)


def _many(read: Reader, most: int = _MOST_ROWS) -> Reader:
    def rows(value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Wrong(f"{where} is no list")
        if len(value) > most:
            raise _Wrong(f"{where} has more than {most} entries")
        return tuple(read(one, f"{where}[{index}]") for index, one in enumerate(value))

    return rows


def _figures(value: object, where: str) -> dict[str, float]:
    table = _table(value, where)
    if len(table) > _LONGEST_TEXT:
        raise _Wrong(f"{where} has too many entries")
    return {_text(key, where): _number(one, f"{where}.{key}") for key, one in table.items()}


def _table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} is no table")
    return value


def _row(kind: type[T], readers: Mapping[str, Reader]) -> Callable[[object, str], T]:
    """A reader of dicts into `kind`, whose every field has a reader here."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    needed = [name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING]
    assert known.keys() == readers.keys(), known.keys() ^ readers.keys()

    def read(value: object, where: str) -> T:
        table = _table(value, where)
        missing = [name for name in needed if name not in table]
        if missing:
            raise _Wrong(f"{where} has no {missing[0]!r}")
        return kind(**{name: readers[name](table[name], f"{where}.{name}") for name in readers if name in table})

    return read


def _site_without_callers(value: object, where: str) -> Site:
    table = _table(value, where)
    if not {"file", "line", "function"} <= table.keys():
        raise _Wrong(f"{where} is no site")
    return Site(
        _text(table["file"], f"{where}.file"),
        _whole(table["line"], f"{where}.line"),
        _text(table["function"], f"{where}.function"),
        approximate=table.get("approximate") is True,
    )


def _site(value: object, where: str) -> Site:
    site = _site_without_callers(value, where)
    callers = _many(_site_without_callers, _MOST_CALLERS)(_table(value, where).get("callers", []), f"{where}.callers")
    return Site(site.file, site.line, site.function, approximate=site.approximate, callers=callers)


_SITE, _TEXTS, _ADDRESSES = _perhaps(_site), _many(_text), _many(_whole)

_ENDED = _row(
    Ended,
    {
        "address": _whole, "type": _text, "lifetime": _text, "at": _number, "tick": _whole, "made_tick": _whole,
        "contract": _text, "must": _TEXTS, "matters": _text, "site": _SITE, "fate": _text, "key": _whole,
        "closing_tick": _whole,
    },
)  # fmt: skip
_CLOSING = _row(
    Closing,
    {
        "at": _number, "what": _text, "type": _text, "site": _SITE, "times": _whole, "trouble": _text,
        "detail": _text, "key": _whole,
    },
)  # fmt: skip
_OPEN = _row(
    Open,
    {
        "kind": _text, "name": _text, "number": _whole, "state": _text, "site": _SITE, "address": _whole,
        "scope": _whole,
    },
)  # fmt: skip
_EVENT = _row(
    Event,
    {
        "kind": _text, "at": _number, "what": _text, "detail": _text, "type": _text, "site": _SITE, "tick": _whole,
        "scope": _whole, "address": _whole,
    },
)  # fmt: skip
_SCOPE = _row(
    Scope,
    {
        "number": _whole, "name": _text, "kind": _text, "began_at": _number, "ended_at": _perhaps(_number),
        "tick": _whole, "ended_tick": _whole, "must": _TEXTS, "returned": _ADDRESSES, "parent": _whole,
    },
)  # fmt: skip
_LOOK = _row(
    Look,
    {
        "reason": _text, "at": _number, "tick": _whole, "pid": _whole, "snapshot": _file_name, "python": _text,
        "ended": _many(_ENDED), "scopes": _many(_SCOPE), "closings": _many(_CLOSING), "open": _many(_OPEN),
        "events": _many(_EVENT), "running": _ADDRESSES, "harness": _ADDRESSES, "counters": _figures,
        "import_path": _TEXTS, "own_modules": _TEXTS, "notes": _TEXTS,
    },
)  # fmt: skip
