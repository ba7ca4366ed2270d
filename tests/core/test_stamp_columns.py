"""Stamps read back from a file: what does not fit together is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outlive.capture import stamps
from outlive.capture.container import Column, DamagedSnapshot

NODES, TEXTS = 4, 2


class Columns:
    """A container whose columns are given: two sites, the second called from the first."""

    def __init__(self, **other: list[int]) -> None:
        self.path = Path("heap.outlive")
        whole = {
            "stamp_facts": [1, 2, 5, 0, 1, 3, 0, 0],
            "tick": [0, 1, 2, 0xFFFFFFFF],
            "site": [0, 1, 2, 2],
            "site_rows": [0, 0, 0, 0, 10, 0, 1, 0, 20, 0, 1, 1],
            "approximate_types": [3],
        }
        self._columns = {name: np.array(values, dtype=np.uint32) for name, values in {**whole, **other}.items()}
        self.names = tuple(self._columns)

    def column(self, name: str) -> Column:
        return self._columns[name]


def check(container: Columns) -> None:
    stamps.check(container, NODES, TEXTS)  # type: ignore[arg-type]


def read(container: Columns) -> stamps.Stamps:
    types = np.array([0, 1, 1, 3], dtype=np.uint32)
    return stamps.Stamps(container, types, ["app.py", "f"])  # type: ignore[arg-type]


def test_whole_stamps_pass() -> None:
    check(Columns())


@pytest.mark.parametrize(
    "damage",
    [
        {"tick": [0, 1]},
        {"site": [0, 1, 2]},
        {"site": [0, 1, 2, 3]},
        {"site_rows": [0, 0, 0, 0, 10]},
        {"site_rows": [0, 0, 0, 0, 10, 2, 1, 0, 20, 0, 1, 1]},
        {"site_rows": [0, 0, 0, 0, 10, 0, 1, 2, 20, 0, 1, 1]},
        {"site_rows": [0, 0, 0, 0, 10, 0, 1, 1, 20, 0, 1, 1]},
        {"site_rows": []},
        {"approximate_types": [4]},
        {"stamp_facts": [1, 2]},
        {"stamp_facts": [9, 2, 5, 0, 1, 3, 0, 0]},
    ],
    ids=lambda damage: " ".join(f"{name}={values}" for name, values in damage.items()),
)
def test_stamps_that_point_outside_are_refused(damage: dict[str, list[int]]) -> None:
    with pytest.raises(DamagedSnapshot, match="the stamps"):
        check(Columns(**damage))


def test_ticks_tell_steps_from_what_is_outside_of_them() -> None:
    found = read(Columns())
    assert [found.made_in_step(node) for node in range(NODES)] == [None, None, 0, None]


def test_callers_are_chained_outwards() -> None:
    site = read(Columns()).site(2)
    assert site is not None
    assert (site.file, site.line, site.function) == ("app.py", 20, "f")
    assert [caller.line for caller in site.callers] == [10]


def test_a_lost_hook_makes_every_stamp_approximate() -> None:
    assert read(Columns()).is_approximate(1)
    kept = read(Columns(stamp_facts=[1, 2, 5, 0, 0, 0, 0, 0]))
    assert not kept.is_approximate(1)
    assert kept.is_approximate(3)


def test_the_unknown_site_is_none() -> None:
    found = read(Columns())
    assert found.site(0) is None
    with pytest.raises(KeyError, match="unknown"):
        found.site_of_number(0)


def test_a_container_without_stamps_has_none() -> None:
    container = Columns()
    container.names = ("address",)
    assert not stamps.has_stamps(container)  # type: ignore[arg-type]
