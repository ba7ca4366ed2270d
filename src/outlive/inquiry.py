"""Why do they live? Wires a trial's heap, its stamps and the explain room together for the findings of one check.

Knows when to look and what to hand over; which objects are outlivers, who holds them, whose they are and what to do is
the explain room's.

Theory of operation. While the steps run, a snapshot is taken now and then ("remember"); the last one but one is
"before". When the judge has spoken the heap is taken once more, with the scenario still loaded: outlivers were made
after "before". Of descriptors, child processes and native memory the heap knows nothing: a few more steps are run
while the child watches which lines open them, and what is allocated and stays. That comes last, so that nothing is
lost should the scenario end there.

Beside the last snapshot the child tells its *look*: what has ended and is alive, which scopes are over, what is open.
Where nothing grows, it is asked first whether there is anything of the kind; a scenario that leaves nothing costs no
snapshot. Both readings of the heap, growth and lifetimes, are of the same snapshot.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import numpy as np

from outlive.capture.look import look_from
from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.capture.sources import Sources
from outlive.capture.stamps import FIRST_STEP
from outlive.errors import MeasureError, OutliveError
from outlive.explain.allocated import KIND as TAKEN
from outlive.explain.allocated import explain_allocated, led_by_blocks, parted, wanted_calls
from outlive.explain.context import Context
from outlive.explain.drifting import explain_drifting
from outlive.explain.explain import explain_outlivers
from outlive.explain.face import Face
from outlive.explain.families import OURS
from outlive.explain.grown import explain_grown
from outlive.explain.lasting import told_once
from outlive.explain.opened import KINDS, explain_opened, with_site
from outlive.explain.outlivers import Outlivers
from outlive.explain.regroup import Explained, regroup
from outlive.explain.unseen import explain_unseen
from outlive.heap.heap import Heap
from outlive.judge.in_turn import in_turn
from outlive.model.contracts import Contracts
from outlive.model.explanation import Explanation
from outlive.model.leftovers import Category, Leftover, Stuck
from outlive.model.look import Look
from outlive.model.packages import Packages
from outlive.model.verdict import Finding, Note
from outlive.symbols.places import place
from outlive.trial.supervisor import Ended, Trial

_CALLERS = 8
# Of tasks that can never wake, so many are told: how many a step leaves, the counters say.
_MOST_STUCK = 200
# How many leaks of descriptors or children are watched, in how many more steps (a share of those run), for how long.
_WATCHED_LEAKS, _WATCHED_SHARE, _WATCHED_SECONDS = 5, 0.2, 10.0
# How many leaked blocks are watched, at least in how many steps, and for how long.
_WATCHED_BLOCKS, _FEWEST_STEPS, _BLOCK_SECONDS = 64, 8, 8.0
_LISTENED_STEPS = 2
_ENOUGH = 0.9
_MOST_LEFTOVERS, _MOST_SCOPES = 50, 200


@dataclass
class Inquiry:
    """What is known of one trial's heap. `sites` False: no stamps are asked for. `contracts` None: lifetimes are left
    alone. `seconds` is what it has cost."""

    trial: Trial
    sites: bool = True
    contracts: Contracts | None = None
    _taken: list[tuple[int, str]] = field(default_factory=list)
    _deep: bool = False
    seconds: float = 0.0
    packages: Packages = field(default_factory=Packages)
    _trouble: str = ""
    _imports_from: dict[str, Any] = field(default_factory=dict)
    _openings: dict[str, Any] = field(default_factory=dict)
    _allocations: dict[str, Any] = field(default_factory=dict)
    _look: dict[str, Any] = field(default_factory=dict)
    _full: bool = False
    _heap: Heap | None = None
    notes: list[Note] = field(default_factory=list)

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

    def look_back(self, steps: int, *, growing: bool) -> Ended | None:
        """The last look at the heap, while the scenario is still loaded: where something grows, or may be left."""
        ended, is_worth = self._ask_for_lives(anyhow=growing)
        if ended is not None or not is_worth:
            return ended
        ended = self.remember(steps)
        if ended is None and not isinstance(answer := self.trial.ask("import-path", {}), Ended):
            self._imports_from = answer
        return ended

    def _ask_for_lives(self, *, anyhow: bool) -> tuple[Ended | None, bool]:
        """Keeps what the child tells of lifetimes, and says whether the heap is worth a look."""
        if self.contracts is None:
            return None, anyhow
        began = time.monotonic()
        try:
            told = self.trial.ask("look", {"anyhow": anyhow})
        except MeasureError as error:
            self._note(f"lifetimes could not be looked at: {error}")
            return None, anyhow
        finally:
            self.seconds += time.monotonic() - began
        if isinstance(told, Ended):
            return told, anyhow
        if told["trouble"]:
            self._note(f"lifetimes could not be watched: {told['trouble']}")
        for words in told["look"].get("notes", ()):
            self._note(words)
        self._look, self._full = (told["look"], bool(told["full"])) if told["worth"] else ({}, False)
        return None, anyhow or bool(told["worth"])

    def _note(self, words: str) -> None:
        self.notes.append(Note("lifetimes", words))

    def look_closer(self) -> Ended | None:
        """From now on stamps carry the callers too. Asked for once something grows, so that clean runs stay fast."""
        if self._deep or not self.sites:
            return None
        self._deep = True
        answer = self.trial.ask("deepen", {"depth": _CALLERS})
        return answer if isinstance(answer, Ended) else None

    def watch_more_steps(self, findings: Sequence[Finding], steps: int, most: int | None = None) -> Ended | None:
        """Run a few steps after the last look, at most `most`, to see where what is found is opened or taken."""
        opened = [one.count.per_step for one in findings if one.kind in KINDS and one.count.per_step > 0]
        taken = [one.count.per_step for one in findings if one.kind == TAKEN and one.count.per_step > 0]
        share = max(1, round(_WATCHED_SHARE * steps))
        room = share if most is None else min(share, most)
        began = time.monotonic()
        ended = None
        try:
            if opened and room:
                wanted = min(room, ceil(_WATCHED_LEAKS / min(opened)))
                ended = self._watch_openings(wanted, began + _WATCHED_SECONDS)
                room = room if most is None else max(0, room - wanted)
            if taken and room > _LISTENED_STEPS and ended is None:
                wanted = min(room - _LISTENED_STEPS, max(_FEWEST_STEPS, ceil(_WATCHED_BLOCKS / min(taken))))
                ended = self._watch_allocations(wanted)
        finally:
            self.seconds += time.monotonic() - began
        return ended

    def _watch_openings(self, steps: int, until: float) -> Ended | None:
        try:
            answer = self.trial.ask("watch-openings", {"seconds": _WATCHED_SECONDS})
            if isinstance(answer, Ended):
                return answer
            self._openings = answer
            if answer["why"]:
                return None
            done = self._step(steps, until)
            told = done if isinstance(done, Ended) else self.trial.ask("openings", {})
            if isinstance(told, Ended):
                return told
            self._openings = told
        except MeasureError as error:
            self._openings = {"why": str(error)}
        return None

    def _watch_allocations(self, steps: int) -> Ended | None:
        """What is taken in these steps and stays; then which functions of C are called where objects of it are made."""
        until = time.monotonic() + _BLOCK_SECONDS
        try:
            answer = self.trial.ask("watch-allocations", {})
            if isinstance(answer, Ended) or answer["why"]:
                return answer if isinstance(answer, Ended) else None
            done = self._step(steps, until)
            told = done if isinstance(done, Ended) else self.trial.ask("allocations", {})
            if isinstance(told, Ended):
                return told
            self._allocations = {**told, "steps": done}
            return self._listen_to_calls(wanted_calls(told), until)
        except MeasureError as error:
            self._trouble = self._trouble or f"allocations could not be watched: {error}"
        return None

    def _listen_to_calls(self, places: Sequence[tuple[str, int]], until: float) -> Ended | None:
        answer = self.trial.ask("watch-calls", {"places": [list(one) for one in places]}) if places else {"why": "none"}
        if isinstance(answer, Ended) or answer["why"]:
            return answer if isinstance(answer, Ended) else None
        done = self._step(_LISTENED_STEPS, until)
        told = done if isinstance(done, Ended) else self.trial.ask("calls", {})
        if isinstance(told, Ended):
            return told
        self._allocations["calls"] = told["rows"]
        return None

    def _step(self, steps: int, until: float) -> int | Ended:
        """A step, then twice as many each time, as long as there is time for them; how many were run."""
        batch, done = 1, 0
        while done < steps:
            began = time.monotonic()
            wanted = min(batch, steps - done)
            reading = self.trial.advance(wanted)
            if isinstance(reading, Ended):
                return reading
            done, batch = done + wanted, 2 * batch
            if time.monotonic() + 2 * (time.monotonic() - began) > until:
                break
        return done

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
            return tuple(findings), _our_mistake(error)
        finally:
            self.seconds += time.monotonic() - began

    def with_lives(
        self, findings: tuple[Finding, ...], own_modules: frozenset[str], steps: int
    ) -> tuple[tuple[Finding, ...], tuple[Leftover, ...]]:
        """The findings, with what had ended among what grows, and what outlived its end beside them.

        Whatever fails here is a note.
        """
        if not self._taken or not self._look:
            return findings, ()
        began = time.monotonic()
        try:
            told = told_once(findings, self._leftovers(own_modules, steps))
            return told.findings, told.leftovers[:_MOST_LEFTOVERS]
        except (OutliveError, OSError) as error:
            self._note(f"lifetimes could not be looked at: {error}")
        except Exception as error:
            self._note(_our_mistake(error))
        finally:
            self.seconds += time.monotonic() - began
        return findings, ()

    def _leftovers(self, own_modules: frozenset[str], steps: int) -> tuple[Leftover, ...]:
        # Only here: a check of what leaves nothing, the most frequent one, does without these rooms.
        from outlive.explain.leftovers import explain_look
        from outlive.heap.stuck import stuck

        assert self.contracts is not None
        heap = self._last_heap()
        self.packages = self._read_packages(own_modules)
        stamps = heap.snapshot.stamps
        context = Context(
            packages=self.packages,
            site_of=lambda node: None if stamps is None else stamps.site(node),
            own_modules=own_modules,
        )
        look = self._fitting(look_from({**self._look, "own_modules": sorted(own_modules)}), heap, steps)
        waiting = _made_in_steps(heap, stuck(heap, _MOST_STUCK))
        found = explain_look(heap, look, self.contracts, context, category=Category.RUNTIME, stuck=waiting)
        sources = Sources()
        return tuple(_sourced(one, sources) for one in found)

    def _fitting(self, look: Look, heap: Heap, steps: int) -> Look:
        """Without what only waits for its turn, and with those scopes alone that made something which is there."""
        turning = in_turn(look.ended, FIRST_STEP, FIRST_STEP + steps, all_told=not self._full)
        if turning:
            kinds = sorted({f"{one.type} ({one.lifetime})" for one in look.ended if one.key in turning})
            self._note(
                f"of {', '.join(kinds)} only the last {len(turning)} are alive after their end: each goes in its turn"
            )
        stamps = heap.snapshot.stamps
        numbers = set() if stamps is None or stamps.scopes is None else set(np.unique(stamps.scopes).tolist())
        named = {row.scope for row in look.open}
        over = [one for one in look.scopes if one.ended_at is not None and one.number in numbers | named]
        return replace(
            look,
            ended=tuple(one for one in look.ended if one.key not in turning),
            scopes=tuple(over[-_MOST_SCOPES:]),
        )

    def _last_heap(self) -> Heap:
        """That of the last snapshot, read once."""
        if self._heap is None:
            self._heap = Heap(load(self._taken[-1][1]))
        return self._heap

    def _explained(self, findings: Sequence[Finding], own_modules: frozenset[str]) -> tuple[Finding, ...]:
        steps, _ = self._taken[-1]
        since, earlier = self._before(steps)
        heap = self._last_heap()
        outlivers = Outlivers(heap, since, load(earlier) if earlier else None)
        self.packages = self._read_packages(own_modules)
        context = outlivers.context(self.packages, own_modules)
        sources = Sources()
        explained = []
        for finding in findings:
            nodes, told = outlivers.of(finding), outlivers.told_of(finding, context)
            taken = explain_allocated(self._allocations, finding.count.per_step, told, place)
            drifts = outlivers.drifting(finding, steps) or outlivers.overdrawn(finding)
            if self._are_enough(taken, finding):
                nodes, drifts, finding = nodes[:0], [], led_by_blocks(finding)
            found = explain_drifting(Face(heap), drifts, told) or explain_outlivers(heap, nodes, told)
            if not nodes and not drifts:
                found = explain_grown(Face(heap), outlivers.grown(finding), told)
            found = tuple(one for one in found if one.family != OURS)
            opened = explain_opened(self._openings, finding.type, told)
            found = with_site(found, opened) or opened or taken or explain_unseen(finding.type, told)
            sourced = tuple(replace(one, site=sources.filled(one.site)) for one in found)
            if taken and found == taken:
                explained += [Explained(part, (why,)) for part, why in parted(finding, sourced)]
            else:
                explained.append(Explained(finding, sourced))
        return regroup(explained, own_modules)

    def _are_enough(self, taken: Sequence[Explanation], finding: Finding) -> bool:
        """Whether so many objects were lost which no snapshot shows that the lost references may be theirs."""
        lost: int = sum(one.explained for one in taken if one.native_references)
        return lost >= _ENOUGH * finding.count.per_step * max(1, int(self._allocations.get("steps", 0)))

    def _read_packages(self, own_modules: frozenset[str]) -> Packages:
        path, python = self._imports_from.get("path", []), self._imports_from.get("python", "")
        return read_packages(path, own_modules=own_modules, python=python)

    def _before(self, steps: int) -> tuple[int, str]:
        """The latest earlier look that leaves at least a quarter of the steps to come after it."""
        fitting = [row for row in self._taken[:-1] if row[0] <= 0.75 * steps]
        return fitting[-1] if fitting else (0, "")


def _made_in_steps(heap: Heap, rows: Sequence[Stuck]) -> tuple[Stuck, ...]:
    """What the setup made waits by design, and so may what nobody knows the age of."""
    stamps = heap.snapshot.stamps
    return tuple(one for one in rows if stamps is not None and stamps.made_in_step(one.node) is not None)


def _our_mistake(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"a mistake in Outlive, please report it: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"


def _sourced(one: Leftover, sources: Sources) -> Leftover:
    """With the source lines of its sites."""
    why = one.explanation
    told = replace(why, site=sources.filled(why.site)) if why is not None else None
    return replace(one, explanation=told, made_at=sources.filled(one.made_at))
