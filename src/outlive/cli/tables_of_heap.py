"""The SQL tables of a snapshot, with the analysed heap behind their costly columns."""

from __future__ import annotations

import numpy as np

from outlive.capture.snapshot import Snapshot
from outlive.capture.tables import Nodes, Tables
from outlive.cli.busy import busy
from outlive.heap.heap import Heap


class _Analysis:
    """What the tables ask; paid for when asked."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap

    def retained(self) -> Nodes:
        with busy("weighing what each object keeps alive"):
            return np.asarray(self._heap.keeping.retained)

    def dominators(self) -> Nodes:
        with busy("weighing what each object keeps alive"):
            return np.asarray(self._heap.keeping.dominators)

    def label(self, source: int, position: int) -> str:
        return self._heap.label(source, position).text

    def path(self, node: int) -> str:
        found = self._heap.path(node)
        return found.expression if found is not None else ""


def tables_of(snapshot: Snapshot, heap: Heap | None = None) -> Tables:
    """Raises OutliveError when DuckDB is not installed."""
    return Tables(snapshot, _Analysis(heap or Heap(snapshot)))
