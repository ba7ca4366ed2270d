"""Stamps that begin with a test and end with it, and a look at what they say of an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from outlive import _core
from outlive.capture.snapshot import load, take
from outlive.capture.stamps import Stamps
from outlive.model.explanation import Site

Begin = Callable[..., "Kept"]


class Seen:
    """What a snapshot says of one object's making."""

    def __init__(self, tick: int, site: Site | None, approximate: bool, number: int, scope: int) -> None:
        self.tick = tick
        self.site = site
        self.approximate = approximate
        self.number = number
        self.scope = scope

    @property
    def place(self) -> tuple[str, int]:
        """Function (its last name, which is all that 3.10 knows) and line."""
        assert self.site is not None
        return self.site.function.rpartition(".")[2], self.site.line


class Kept:
    """Running stamps; `look` takes a snapshot."""

    def __init__(self, folder: Path) -> None:
        self.native = _core.Stamps()
        self._folder = folder

    def tick(self, number: int) -> None:
        self.native.tick(number)

    def look(self, *things: object) -> list[Seen]:
        file = self._folder / "stamped.outlive"
        take(file)
        snapshot = load(file)
        stamps = snapshot.stamps
        assert stamps is not None
        addresses = snapshot.column("address")
        nodes = [int(np.flatnonzero(addresses == np.uint64(id(thing)))[0]) for thing in things]
        return [self._seen(stamps, node) for node in nodes]

    @staticmethod
    def _seen(stamps: Stamps, node: int) -> Seen:
        number, approximate = int(stamps.site_numbers[node]), stamps.is_approximate(node)
        return Seen(int(stamps.tick[node]), stamps.site(node), approximate, number, stamps.scope(node))


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins stamps with these arguments of `_core.Stamps.start`; the test's end ends them."""
    native = _core.Stamps()

    def begun(*arguments: int, **options: object) -> Kept:
        native.start(*arguments, **options)  # type: ignore[arg-type]
        return Kept(tmp_path)

    yield begun
    native.stop()
