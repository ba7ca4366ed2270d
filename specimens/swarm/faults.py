"""The truth table, read: what every switch does, and what is true of it. Knows faults.toml and nothing else."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Part:
    """Blocks of one size from one function."""

    what: str
    allocated: str
    bytes: int
    count: int


@dataclass(frozen=True)
class Fault:
    """One switch. faults.toml says what each field means."""

    seed: str
    switch: str
    about: str
    category: str
    kind: str
    program: str
    event: str
    last_pointer: tuple[str, ...]
    events: int
    parts: tuple[Part, ...]
    loop_busy: bool = False

    @property
    def causes(self) -> tuple[str, ...]:
        """The places of which an answer must name one."""
        return (self.event, *self.last_pointer)

    @property
    def is_leak(self) -> bool:
        return self.kind == "lost"

    @property
    def total_bytes(self) -> int:
        return sum(part.bytes * part.count for part in self.parts)

    @property
    def total_blocks(self) -> int:
        return sum(part.count for part in self.parts)


def _read() -> tuple[Fault, ...]:
    text = Path(__file__).with_name("faults.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["fault"]
    return tuple(map(_fault, rows))


def _fault(row: dict[str, Any]) -> Fault:
    parts = tuple(Part(**part) for part in row["parts"])
    return Fault(**{**row, "parts": parts, "last_pointer": tuple(row["last_pointer"])})


FAULTS = _read()
BY_SWITCH = {fault.switch: fault for fault in FAULTS}
