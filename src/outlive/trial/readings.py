"""From readings, which hold what changed, to series, which hold everything: what a judge wants to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from outlive.model.series import CounterKey, Series
from outlive.trial.options import Reading


class Readings:
    """Collects readings in their order. A counter is 0 before it first appears and keeps its value until it changes."""

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        self._steps: list[int] = []
        self._columns: dict[CounterKey, list[int]] = {}
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """Take in the next reading. Raises ValueError when it has no more steps than the one before."""
        if self._steps and reading.steps <= self._steps[-1]:
            raise ValueError(f"a reading at {reading.steps} steps after one at {self._steps[-1]}")
        for key, column in self._columns.items():
            column.append(reading.values.get(key, column[-1]))
        for key in reading.values.keys() - self._columns.keys():
            self._columns[key] = [0] * len(self._steps) + [reading.values[key]]
        self._steps.append(reading.steps)

    def series(self) -> Mapping[CounterKey, Series]:
        """One dense series per counter, unaffected by later readings."""
        steps = tuple(self._steps)
        return {key: Series(key, steps, tuple(column)) for key, column in self._columns.items()}
