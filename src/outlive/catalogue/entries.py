"""The catalogue's entries, read from their files: patterns of mistakes, and leaks that released libraries have.

Knows the files' shape and refuses what does not fit it, with the file's name; what fits whom is `matching`'s.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from outlive.catalogue.rules import Rule, rule_of
from outlive.catalogue.versions import comparisons

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BREADTHS = ("narrow", "usual", "broad")
PYTHON = "python"


@dataclass(frozen=True)
class Pattern:
    """A way to leak. `breadth`: narrow names a library's own structure, usual a mechanism, broad only a place.

    `example` and `instead_example` are scenarios; `needs` are distributions that they import.
    """

    id: str
    title: str
    kind: str
    breadth: str
    what: str
    why: str
    example: str
    instead: str
    instead_example: str
    advice: str
    rules: tuple[Rule, ...]
    unless: tuple[Rule, ...] = ()
    references: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownLeak:
    """A leak of a released distribution, or of Python itself (`distribution` "python").

    `affected` is a range of versions, empty for behaviour that is meant; `fixed_in` is empty when nothing fixes it.
    """

    id: str
    title: str
    distribution: str
    affected: str
    fixed_in: str
    summary: str
    workaround: str
    references: tuple[str, ...]
    rules: tuple[Rule, ...]
    unless: tuple[Rule, ...] = ()


Entry = Pattern | KnownLeak


@lru_cache(maxsize=1)
def patterns() -> tuple[Pattern, ...]:
    """All patterns, by id."""
    return tuple(_pattern(name, table) for name, table in _tables("patterns"))


@lru_cache(maxsize=1)
def known_leaks() -> tuple[KnownLeak, ...]:
    """All known leaks, by id."""
    return tuple(_known(name, table) for name, table in _tables("known"))


def entries() -> tuple[Entry, ...]:
    """Patterns, then known leaks."""
    everything: list[Entry] = [*patterns(), *known_leaks()]
    return tuple(everything)


def entry(entry_id: str) -> Entry | None:
    """The entry of this id, or None."""
    return next((one for one in entries() if one.id == entry_id), None)


def pattern_of(name: str, table: Mapping[str, Any]) -> Pattern:
    """A pattern from the table of the file `name`.toml; raises ValueError when it does not fit."""
    if table["breadth"] not in BREADTHS:
        raise ValueError(f"no such breadth: {table['breadth']}")
    _must_be_called(name, table)
    return Pattern(**_fields(table))


def known_of(name: str, table: Mapping[str, Any]) -> KnownLeak:
    """A known leak from the table of the file `name`.toml; raises ValueError when it does not fit.

    A known leak is never told by a type alone: each of its rules must name a reference, a native holder, a hidden
    cycle, the place where it was made, or the counter that grows.
    """
    _must_be_called(name, table)
    for alternative in table["affected"].split(" or ") if table["affected"] else ():
        comparisons(alternative)
    leak = KnownLeak(**_fields(table))
    for rule in leak.rules:
        named = {text for text, _ in rule.texts} - {"type", "kind", "owner", "owner_name"}
        if not (named or rule.links or rule.native or rule.hidden_cycle):
            raise ValueError("a rule names nothing but a type")
    return leak


def _pattern(name: str, table: Mapping[str, Any]) -> Pattern:
    try:
        return pattern_of(name, table)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"catalogue/patterns/{name}.toml: {error}") from error


def _known(name: str, table: Mapping[str, Any]) -> KnownLeak:
    try:
        return known_of(name, table)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"catalogue/known/{name}.toml: {error}") from error


def _must_be_called(name: str, table: Mapping[str, Any]) -> None:
    if table["id"] != name:
        raise ValueError(f"the file is called {name}, its id is {table['id']}")


def _fields(table: Mapping[str, Any]) -> dict[str, Any]:
    """The dataclass's arguments: prose stripped, lists frozen, rules parsed."""
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key == "rule":
            fields["rules"] = tuple(rule_of(one) for one in value)
        elif key == "unless":
            fields["unless"] = tuple(rule_of(one) for one in value)
        elif isinstance(value, list):
            fields[key] = tuple(value)
        else:
            fields[key] = value.strip()
    return fields


def _tables(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    place = files(__package__).joinpath(folder)
    for file in sorted(place.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8"))
