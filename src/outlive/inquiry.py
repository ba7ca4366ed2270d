"""Why do they live? Wires a trial's heap, its stamps and the explain room together for the findings of one check.

Knows when to look and what to hand over. Which objects are outlivers is decided here, from stamps and from an earlier
look at the same heap; who holds them, whose they are and what to do is the explain room's.

Theory of operation. While the steps run, a snapshot is taken now and then ("remember"); the last one but one is
"before". When the judge has spoken the heap is taken once more, with the scenario still loaded. An outliver is an
object of a type that a finding names, made after "before" and alive now. Its stamp says so exactly; where there is no
stamp, or only an approximate one, its absence from "before" does. Of descriptors and child processes the heap knows
nothing: a few more steps are run while the child watches which lines open them. That comes last, so that nothing is
lost should the scenario end there.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from outlive.capture.packages import read_packages
from outlive.capture.snapshot import Snapshot, load
from outlive.capture.sources import Sources
from outlive.capture.stamps import FIRST_STEP
from outlive.errors import MeasureError, OutliveError
from outlive.explain.context import Context
from outlive.explain.explain import explain_outlivers
from outlive.explain.face import Face
from outlive.explain.families import OURS
from outlive.explain.grown import explain_grown
from outlive.explain.opened import KINDS, explain_opened, with_site
from outlive.explain.regroup import Explained, regroup
from outlive.explain.unseen import explain_unseen
from outlive.heap.heap import Heap
from outlive.heap.newness import Newness, spread
from outlive.model.packages import Packages
from outlive.model.verdict import Finding
from outlive.trial.supervisor import Ended, Trial

_CALLERS = 8
_SAMPLE, _SAMPLE_BESIDE = 32, 12
_GROWN, _MOST_CONTAINERS = 8, 3
# How many leaks of descriptors or children are watched, in how many more steps (a share of those run), for how long.
_WATCHED_LEAKS, _WATCHED_SHARE, _WATCHED_SECONDS = 5, 0.2, 10.0
_OWNING_SHARE = 0.5
# What a resource of a kind is in Python: the objects on which it is told who holds it.
_CLASSES_OF = {
    "thread": frozenset({"threading.Thread"}),
    "task": frozenset({"_asyncio.Task", "asyncio.tasks.Task"}),
    "timer": frozenset({"asyncio.events.TimerHandle", "threading.Timer"}),
    "process": frozenset({"subprocess.Popen", "multiprocessing.process.BaseProcess"}),
    "fd": frozenset({"socket.socket", "_socket.socket", "_io.FileIO", "select.epoll", "mmap.mmap"}),
}
_OF_OBJECTS = ("objects", "items", "bytes", "references")


@dataclass
class Inquiry:
    """What is known of one trial's heap. `sites` False: no stamps are asked for. `seconds` is what it has cost."""

    trial: Trial
    sites: bool = True
    _taken: list[tuple[int, str]] = field(default_factory=list)
    _deep: bool = False
    seconds: float = 0.0
    packages: Packages = field(default_factory=Packages)
    _trouble: str = ""
    _imports_from: dict[str, Any] = field(default_factory=dict)
    _openings: dict[str, Any] = field(default_factory=dict)

    def remember(self, steps: int) -> Ended | None:
        """Take the heap as it is after `steps` steps; the caller decides how often. What fails, `explain` tells."""
        if self._taken and self._taken[-1][0] == steps:
            return None
        began = time.monotonic()
        try:
            answer = self.trial.snapshot(str(steps))
        except MeasureError as error:
            self._trouble = str(error)
            return None
        finally:
            self.seconds += time.monotonic() - began
        if isinstance(answer, Ended):
            return answer
        self._taken.append((steps, answer))
        return None

    def look_back(self, steps: int) -> Ended | None:
        """The last look at the heap, while the scenario is still loaded."""
        ended = self.remember(steps)
        if ended is None and not isinstance(answer := self.trial.ask("import-path", {}), Ended):
            self._imports_from = answer
        return ended

    def look_closer(self) -> Ended | None:
        """From now on stamps carry the callers too. Asked for once something grows, so that clean runs stay fast."""
        if self._deep or not self.sites:
            return None
        self._deep = True
        answer = self.trial.ask("deepen", {"depth": _CALLERS})
        return answer if isinstance(answer, Ended) else None

    def watch_openings(self, findings: Sequence[Finding], steps: int, most: int | None = None) -> Ended | None:
        """Run a few steps after the last look, at most `most`, to see where what the findings name is opened."""
        rates = [one.count.per_step for one in findings if one.kind in KINDS and one.count.per_step > 0]
        share = max(1, round(_WATCHED_SHARE * steps))
        wanted = min(share if most is None else min(share, most), ceil(_WATCHED_LEAKS / min(rates, default=1.0)))
        if not rates or wanted < 1:
            return None
        began = time.monotonic()
        try:
            return self._step_and_watch(wanted, began + _WATCHED_SECONDS)
        except MeasureError as error:
            self._openings = {"why": str(error)}
            return None
        finally:
            self.seconds += time.monotonic() - began

    def _step_and_watch(self, steps: int, until: float) -> Ended | None:
        """A step, then twice as many each time, as long as there is time for them."""
        answer = self.trial.ask("watch-openings", {"seconds": _WATCHED_SECONDS})
        if isinstance(answer, Ended):
            return answer
        self._openings = answer
        if answer["why"]:
            return None
        batch, done = 1, 0
        while done < steps:
            began = time.monotonic()
            reading = self.trial.advance(min(batch, steps - done))
            if isinstance(reading, Ended):
                return reading
            done, batch = done + batch, 2 * batch
            if time.monotonic() + 2 * (time.monotonic() - began) > until:
                break
        told = self.trial.ask("openings", {})
        if isinstance(told, Ended):
            return told
        self._openings = told
        return None

    def explain(self, findings: Sequence[Finding], own_modules: frozenset[str]) -> tuple[tuple[Finding, ...], str]:
        """The findings with their explanations, those of one mistake made one; and why there are none, if so."""
        if not self._taken or not findings:
            return tuple(findings), self._trouble if findings else ""
        began = time.monotonic()
        try:
            explained = self._explained(findings, own_modules)
            seen = self._openings.get("fds") or self._openings.get("children")
            why = "" if seen else self._openings.get("why", "")
            return explained, f"which lines open them could not be watched: {why}" if why else ""
        except (OutliveError, OSError) as error:
            return tuple(findings), f"the heap could not be read: {error}"
        except Exception as error:  # a mistake of ours in explaining must not take the verdict with it
            where = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            return tuple(findings), f"a mistake in Outlive, please report it: {told}"
        finally:
            self.seconds += time.monotonic() - began

    def _explained(self, findings: Sequence[Finding], own_modules: frozenset[str]) -> tuple[Finding, ...]:
        steps, path = self._taken[-1]
        since, earlier = self._before(steps)
        heap = Heap(load(path))
        outlivers = Outlivers(heap, since, load(earlier) if earlier else None)
        self.packages = self._read_packages(own_modules)
        context = outlivers.context(self.packages, own_modules)
        sources = Sources()
        explained = []
        for finding in findings:
            nodes, told = outlivers.of(finding), outlivers.told_of(finding, context)
            found = explain_outlivers(heap, nodes, told)
            if not nodes:
                found = explain_grown(Face(heap), outlivers.grown(finding), told)
            found = tuple(one for one in found if one.family != OURS)
            opened = explain_opened(self._openings, finding.type, told)
            found = with_site(found, opened) or opened or explain_unseen(finding.type, told)
            sourced = tuple(replace(one, site=sources.filled(one.site)) for one in found)
            explained.append(Explained(finding, sourced))
        return regroup(explained, own_modules)

    def _read_packages(self, own_modules: frozenset[str]) -> Packages:
        path, python = self._imports_from.get("path", []), self._imports_from.get("python", "")
        return read_packages(path, own_modules=own_modules, python=python)

    def _before(self, steps: int) -> tuple[int, str]:
        """The latest earlier look that leaves at least a quarter of the steps to come after it."""
        fitting = [row for row in self._taken[:-1] if row[0] <= 0.75 * steps]
        return fitting[-1] if fitting else (0, "")


class Outlivers:
    """Which objects of a heap were made after step `since` and are still there."""

    def __init__(self, heap: Heap, since: int, earlier: Snapshot | None) -> None:
        self._heap = heap
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
