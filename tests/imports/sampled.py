"""Reads the samples beside it, and bytes that a test makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from outlive.imports import memray_records, reading
from outlive.imports.concluding import conclude
from outlive.imports.suppressions import Suppressions
from outlive.model.imported import ImportReport, Report

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(
    str(one.relative_to(SAMPLES))
    for one in SAMPLES.rglob("*")
    if one.suffix in (".txt", ".xml", ".json", ".sarif", ".heap") and one.name != "memray_records.json"
)


def read_bytes(data: bytes, name: str = "report", piece: int = 4096) -> list[Report] | Suppressions:
    """What these bytes hold, given in pieces."""

    def pieces() -> Iterable[bytes]:
        return (data[at : at + piece] for at in range(0, len(data), piece))

    return reading.read(name, pieces)


def reports(name: str) -> list[Report]:
    """The reports of a sample."""
    found = read_bytes((SAMPLES / name).read_bytes(), name)
    assert isinstance(found, list)
    return found


def report(name: str) -> Report:
    """The only report of a sample."""
    (one,) = reports(name)
    return one


def made_of(data: bytes | str) -> Report:
    """The only report of these bytes."""
    found = read_bytes(data.encode() if isinstance(data, str) else data)
    assert isinstance(found, list)
    (one,) = found
    return one


def concluded(*names: str, mine: tuple[str, ...] = ()) -> ImportReport:
    """What these samples say together."""
    return conclude([one for name in names for one in reports(name)], (), mine)


def memray_report() -> Report:
    """The three leaks as memray's reader gave them."""
    told = json.loads((SAMPLES / "three" / "memray_records.json").read_text(encoding="utf-8"))
    about = memray_records.Recording(command=told["command"], pid=told["pid"], native=True, ended=True)
    rows = [(size, count, [tuple(one) for one in calls]) for size, count, calls in told["rows"]]
    (one,) = memray_records.read("three.memray", about, rows)  # type: ignore[arg-type]
    return one
