"""Which objects of a heap outlive the steps that made them, and which of them a finding is about.

An outliver was made after a step, `since`, and is alive at the end. Its stamp says so exactly; where it has none, or
only an approximate one, its absence from an earlier snapshot does; and what only new objects hold is new with them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot
from outlive.capture.stamps import FIRST_STEP
from outlive.explain.context import Context
from outlive.explain.drifting import Drift
from outlive.explain.opened import KINDS
from outlive.heap.heap import Heap
from outlive.heap.newness import Newness, spread
from outlive.model.packages import Packages
from outlive.model.verdict import Finding

# How many outlivers are looked at, of the type that is asked about first and of each other one.
_SAMPLE, _SAMPLE_BESIDE = 32, 12
# Containers that hold so many more references than before, and how many of them are told.
_GROWN, _MOST_CONTAINERS = 8, 3
_OWNING_SHARE = 0.5
# What a resource of a kind is in Python: the objects on which it is told who holds it.
_CLASSES_OF = {
    "thread": frozenset({"threading.Thread"}),
    "task": frozenset({"_asyncio.Task", "asyncio.tasks.Task"}),
    "timer": frozenset({"asyncio.events.TimerHandle", "threading.Timer"}),
    "process": frozenset({"subprocess.Popen", "multiprocessing.process.BaseProcess"}),
    "fd": frozenset({"socket.socket", "_socket.socket", "_io.FileIO", "select.epoll", "mmap.mmap"}),
}
# The counter of references that get lost, and what share of them one object must account for.
_OVER_RELEASED = "over-released"
_LOST, _DRIFT_SHARE, _FEWEST_LOST, _MOST_DRIFTING = "references", 0.2, 3, 3
_OF_OBJECTS = ("objects", "items", "bytes", "references")


class Outlivers:
    """Which objects of a heap were made after step `since` and are still there."""

    def __init__(self, heap: Heap, since: int, earlier: Snapshot | None) -> None:
        self._heap = heap
        self._since = since
        self._stamps = heap.snapshot.stamps
        self._newness = Newness(earlier, heap.snapshot) if earlier is not None else None
        self._new, self._known = self._judged(since, self._newness.is_new if self._newness else None)

    def _judged(
        self, since: int, absent: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        count = len(self._heap.snapshot)
        new = np.zeros(count, dtype=np.bool_) if absent is None else absent.copy()
        known = np.zeros(count, dtype=np.bool_) if absent is None else np.ones(count, dtype=np.bool_)
        exact = np.zeros(count, dtype=np.bool_)
        if self._stamps is not None:
            exact = self._stamps.exact
            new[exact] = self._stamps.tick[exact] >= FIRST_STEP + since
            known |= exact
        return spread(self._heap.snapshot, new, known & ~exact), known

    def of(self, finding: Finding) -> list[int]:
        """New objects of the types that the finding names, a sample of each, those that it is about first."""
        rows = [row for row in (*finding.evidence, *finding.with_it) if row.counter in _OF_OBJECTS and row.type]
        if finding.kind in KINDS:  # their owners are as many as they: what merely moved beside them owns nothing
            least = _OWNING_SHARE * finding.count.per_step
            rows = [row for row in rows if row.counter != "bytes" and row.rate.per_step >= least]
        names = list(dict.fromkeys(row.type for row in rows))
        names.sort(key=lambda name: not self._is_one(name, _CLASSES_OF.get(finding.kind, frozenset())))
        nodes: list[int] = []
        for name in names:
            every = self._heap.nodes_of_type(name)
            new = every[self._new[every]]
            most = _SAMPLE if not nodes else _SAMPLE_BESIDE
            nodes += [int(node) for node in new[:: max(1, len(new) // most)][:most]]
        return nodes

    def _is_one(self, name: str, classes: frozenset[str]) -> bool:
        """Whether objects of the type are of one of these classes, or of a class derived from one."""
        types = (node for node, row in self._heap.snapshot.types.items() if row.name == name)
        return bool(classes) and any(self._heap.rows.is_subclass(node, classes) for node in types)

    def grown(self, finding: Finding) -> list[int]:
        """Containers of the finding's types that hold much more than before, the most grown first."""
        types = {row.type for row in finding.evidence if row.type}
        rows = self._newness.grown(_GROWN) if self._newness else []
        return [node for node, _ in rows if self._heap.type_name(node) in types][:_MOST_CONTAINERS]

    def drifting(self, finding: Finding, steps: int) -> list[Drift]:
        """Objects of the finding's type that were there before, and to which it is that references get lost; those that
        lost most first. `steps`: after how many the heap is."""
        rows = [row for row in finding.evidence if row.counter == _LOST and row.type]
        if not rows or self._newness is None or steps <= self._since:
            return []
        more = self._newness.unexplained_more(self._heap.routes.unexplained)
        every = self._heap.nodes_of_type(rows[0].type)
        enough = max(_FEWEST_LOST, _DRIFT_SHARE * rows[0].rate.per_step * (steps - self._since))
        drifted = sorted((-int(more[node]), int(node)) for node in every[more[every] >= enough])
        return [Drift(node, -lost, steps - self._since) for lost, node in drifted[:_MOST_DRIFTING]]

    def overdrawn(self, finding: Finding) -> list[Drift]:
        """Objects of the finding's type that count fewer references than the heap holds, those that lack most first."""
        rows = [row for row in finding.evidence if row.counter == _OVER_RELEASED]
        if not rows:
            return []
        every = self._heap.nodes_of_type(rows[0].type)
        lacking = self._heap.routes.overdrawn[every]
        order = np.argsort(-lacking, kind="stable")[:_MOST_DRIFTING]
        return [Drift(int(every[at]), -int(lacking[at]), rows[0].steps) for at in order if lacking[at]]

    def told_of(self, finding: Finding, context: Context) -> Context:
        """The context with what this finding counts."""
        rows = (*finding.evidence, *finding.with_it)
        return replace(context, kind=finding.kind, counters=frozenset(row.counter for row in rows))

    def context(self, packages: Packages, own_modules: frozenset[str]) -> Context:
        stamps = self._stamps
        return Context(
            packages=packages,
            is_new=lambda node: bool(self._new[node]) if self._known[node] else None,
            step_of=lambda node: None if stamps is None else stamps.made_in_step(node),
            site_of=lambda node: None if stamps is None else stamps.site(node),
            own_modules=own_modules,
            grew=self._newness.more if self._newness else lambda node: 0,
        )
