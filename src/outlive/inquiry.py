"""Why do they live? Wires a trial's heap, its stamps and the explain room together for the findings of one check.

Knows when to look and what to hand over; which objects are outlivers, who holds them, whose they are and what to do is
the explain room's.

Theory of operation. While the steps run, a snapshot is taken now and then ("remember"); the last one but one is
"before". When the judge has spoken the heap is taken once more, with the scenario still loaded: outlivers were made
after "before". Of descriptors and child processes the heap knows
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

from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.capture.sources import Sources
from outlive.errors import MeasureError, OutliveError
from outlive.explain.explain import explain_outlivers
from outlive.explain.face import Face
from outlive.explain.families import OURS
from outlive.explain.grown import explain_grown
from outlive.explain.opened import KINDS, explain_opened, with_site
from outlive.explain.outlivers import Outlivers
from outlive.explain.regroup import Explained, regroup
from outlive.explain.unseen import explain_unseen
from outlive.heap.heap import Heap
from outlive.model.packages import Packages
from outlive.model.verdict import Finding
from outlive.trial.supervisor import Ended, Trial

_CALLERS = 8
# How many leaks of descriptors or children are watched, in how many more steps (a share of those run), for how long.
_WATCHED_LEAKS, _WATCHED_SHARE, _WATCHED_SECONDS = 5, 0.2, 10.0


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
