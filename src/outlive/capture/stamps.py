"""The stamps of a snapshot: when each object was made, and on which line. Reads columns; resolves no source text.

A *tick* is a number the watcher set while the program ran: 0 unknown or before the stamps began, 1 while the scenario
was set up, 2 + k in step k, `BETWEEN` by the watcher itself between steps. A *site* is a line of Python code, with the
lines that called it where stamps were kept that deep. A *scope* is the number that the context carried in which the
object was made (0: none, or not known; snapshots before format 1.2 know none). Objects of a few builtin types that are
made from free lists may wear the stamp of an earlier object of their type (`is_approximate`): 3.10 to 3.12, or beside
tracemalloc.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outlive.capture.container import Column, Container, DamagedSnapshot
from outlive.model.explanation import Site

UNKNOWN, SETUP, FIRST_STEP, BETWEEN = 0, 1, 2, 0xFFFFFFFF
_MODES = ("off", "tracer", "allocator")
# The order of the `stamp_facts` column; native/stamps/stamp_columns.c writes it.
_FACTS = (
    *("mode", "depth", "tick", "tracer_taken", "lost", "lost_at", "unstamped", "refused"),
    *("scopes_left_out", "sparse"),
)
_FACTS_MIN = 8  # a snapshot before format 1.2 has no more
_ROW = 4
_CALLERS_MAX = 64


@dataclass(frozen=True)
class StampFacts:
    """How the stamps were kept.

    `lost_at`: the tick in which somebody took our hook away, None if nobody did; what was made until it was noticed
    may wear an earlier object's stamp. `unstamped`, `refused`: objects and sites without room.
    `sparse`: only what may have to end was stamped; the rest is unknown. `scopes_left_out`: makings whose scope found
    no room and reads 0.
    """

    mode: str
    depth: int
    tracer_taken: bool
    lost_at: int | None
    unstamped: int
    refused: int
    scopes_left_out: int = 0
    sparse: bool = False


class Stamps:
    """When and where each node of one snapshot was made; by node number, as everything in a snapshot."""

    def __init__(self, container: Container, types: Column, texts: list[str]) -> None:
        self.tick: npt.NDArray[np.unsignedinteger] = container.column("tick")
        self._site = container.column("site")
        self._rows: list[list[int]] = container.column("site_rows").reshape(-1, _ROW).tolist()
        self._scopes = _scopes_of(container, len(self._rows))
        self._plain = _rows_without_scope(self._rows, self._scopes)
        self._texts = texts
        self._types = types
        self._approximate = frozenset(container.column("approximate_types").tolist())
        self._known: dict[tuple[int, bool], Site] = {}
        self.facts = _facts_of(container)

    @property
    def site_numbers(self) -> npt.NDArray[np.unsignedinteger]:
        """Of each node: equal numbers are equal sites (line, callers and all, in any scope); 0 is unknown."""
        return self._site if self._plain is None else self._plain[self._site]

    @property
    def scopes(self) -> npt.NDArray[np.unsignedinteger]:
        """Of each node: the scope in which it was made; 0 is none, or not known."""
        return self._scopes[self._site]

    def scope(self, node: int) -> int:
        """The scope in which the object was made; 0: in none, or that is not known."""
        return int(self._scopes[int(self._site[node])])

    def site(self, node: int) -> Site | None:
        """Where the object was made, its callers chained outwards; None where that is not known."""
        number = int(self._site[node])
        return self.site_of_number(number, approximate=self.is_approximate(node)) if number else None

    def site_of_number(self, number: int, *, approximate: bool = False) -> Site:
        """The site with this number, as `site_numbers` gives them. Raises KeyError for 0."""
        if number == 0:
            raise KeyError("site 0 is the unknown one")
        key = (number, approximate)
        if key not in self._known:
            self._known[key] = self._read(number, approximate)
        return self._known[key]

    def is_approximate(self, node: int) -> bool:
        """Whether the stamp may be an earlier object's: by the node's type, or because our hook was lost."""
        return self.facts.lost_at is not None or int(self._types[node]) in self._approximate

    @property
    def exact(self) -> npt.NDArray[np.bool_]:
        """By node, whether its tick is known to be its own."""
        own: npt.NDArray[np.bool_] = (self.tick != UNKNOWN) & (self.tick != BETWEEN)
        if self.facts.lost_at is not None:
            own[:] = False
        own[np.isin(self._types, np.array(sorted(self._approximate), self._types.dtype))] = False
        return own

    def made_in_step(self, node: int) -> int | None:
        """The step (from 0) that made the object; None where it was made outside of steps, or that is not known."""
        tick = int(self.tick[node])
        return tick - FIRST_STEP if FIRST_STEP <= tick < BETWEEN else None

    def _read(self, number: int, approximate: bool) -> Site:
        line, file, function, parent = self._rows[number]
        callers: list[Site] = []
        while parent and len(callers) < _CALLERS_MAX:
            outer_line, outer_file, outer_function, parent = self._rows[parent]
            callers.append(Site(self._texts[outer_file], outer_line, self._texts[outer_function]))
        return Site(self._texts[file], line, self._texts[function], approximate=approximate, callers=tuple(callers))


def _scopes_of(container: Container, rows: int) -> npt.NDArray[np.unsignedinteger]:
    return container.column("site_scopes") if "site_scopes" in container.names else np.zeros(max(rows, 1), np.uint32)


def _rows_without_scope(
    rows: list[list[int]], scopes: npt.NDArray[np.unsignedinteger]
) -> npt.NDArray[np.unsignedinteger] | None:
    """For each row the first one that differs in its scope only; None where no row has a scope."""
    if not scopes.any():
        return None
    first: dict[tuple[int, ...], int] = {}
    return np.array([first.setdefault(tuple(row), number) for number, row in enumerate(rows)], np.uint32)


def _facts_of(container: Container) -> StampFacts:
    values: Mapping[str, int] = dict(zip(_FACTS, container.column("stamp_facts").tolist()))
    return StampFacts(
        mode=_MODES[values["mode"]],
        depth=values["depth"],
        tracer_taken=bool(values["tracer_taken"]),
        lost_at=values["lost_at"] if values["lost"] else None,
        unstamped=values["unstamped"],
        refused=values["refused"],
        scopes_left_out=values.get("scopes_left_out", 0),
        sparse=bool(values.get("sparse", 0)),
    )


def has_stamps(container: Container) -> bool:
    return "tick" in container.names


def check(container: Container, nodes: int, text_count: int) -> None:
    """Prove that no number of the stamps points outside, and that callers end. Raises DamagedSnapshot."""
    rows = container.column("site_rows")
    facts = container.column("stamp_facts")
    whole = (
        len(container.column("tick")) == nodes
        and len(container.column("site")) == nodes
        and len(rows) % _ROW == 0
        and len(facts) >= _FACTS_MIN
        and int(facts[0]) < len(_MODES)
        and ("site_scopes" not in container.names or len(container.column("site_scopes")) == len(rows) // _ROW)
    )
    if not whole:
        raise DamagedSnapshot(f"{container.path}: the stamps are not whole")
    table = rows.reshape(-1, _ROW)
    known = table[1:]  # row 0 is "unknown" and says nothing
    points_outside = (
        (nodes > 0 and int(container.column("site").max()) >= max(len(table), 1))
        or (len(known) > 0 and int(known[:, 1:3].max()) >= text_count)
        or bool(np.any(table[:, 3] > np.maximum(np.arange(len(table)) - 1, 0)))
        or bool(np.any(container.column("approximate_types") >= nodes))
    )
    if points_outside:
        raise DamagedSnapshot(f"{container.path}: the stamps point outside the snapshot")
