"""After a watched program has ended: its looks become one report. Wires; what a leftover is, the explain room decides.

Theory of operation. The watched side left a folder: looks (`look-*.json`), some with a snapshot. Each snapshot is
analysed by itself: one taken when asyncio.run was about to cancel what was left tells what was cut off, the last one
what the program ended with, one that was asked for how it ran. A mistake that several of them show is told once, by
the earliest category: what was there while the program ran is no leftover of its end. Figures of all looks tell what
grew. Nothing here runs code of the program, and a look or snapshot that cannot be read is a note, never the end.
"""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from outlive.capture.look import load_look
from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.capture.sources import Sources
from outlive.errors import OutliveError
from outlive.explain.context import Context
from outlive.explain.leftovers import explain_look
from outlive.explain.owner import beyond_stdlib
from outlive.heap.heap import Heap
from outlive.heap.stuck import stuck
from outlive.judge.drift import growth_of
from outlive.model.contracts import Contracts
from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, Category, EndReport, Leftover, ProgramEnd
from outlive.model.look import Closing, Look
from outlive.model.verdict import Cost, Note, Verdict

_RUNNING = ("asked", "interval")
_FINAL = ("exit", "os._exit", "signal")
_ORDER = tuple(Category)
_MOST_LOOKS = 100_000


def end_report(folder: Path, command: Sequence[str], status: int, *, contracts: Contracts) -> EndReport:
    """The report of the program whose looks are in `folder`; `status` as subprocess gives it (negative: a signal)."""
    return _Aftermath(folder, tuple(command), status, contracts).report()


def _leftovers_of(look: Look, snapshot: Path, contracts: Contracts, category: Category) -> tuple[Leftover, ...]:
    """What one look's snapshot shows to have outlived its end, with source lines filled in."""
    heap = Heap(load(snapshot))
    own = frozenset(look.own_modules)
    packages = read_packages(list(look.import_path), own_modules=own, python=look.python)
    stamps = heap.snapshot.stamps
    context = Context(
        packages=packages,
        site_of=lambda node: None if stamps is None else stamps.site(node),
        own_modules=own,
    )
    found = explain_look(heap, look, contracts, context, category=category, stuck=stuck(heap))
    sources = Sources()
    return tuple(_told(one, context, sources) for one in found)


@dataclass
class _Aftermath:
    """The state of one report in the making."""

    folder: Path
    command: tuple[str, ...]
    status: int
    contracts: Contracts
    notes: list[Note] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    unexplained: str = ""

    def report(self) -> EndReport:
        began = time.monotonic()
        looks = list(self._looks())
        leftovers = _merged([one for look in looks for one in self._explained(look)])
        end = _how_it_ended(self.status, looks, _raised(self.folder))
        verdict, reason = _verdict(leftovers, looks, end, self.unexplained)
        self.notes += [Note("watching", words) for words in dict.fromkeys(row for look in looks for row in look.notes)]
        return EndReport(
            command=self.command,
            end=end,
            verdict=verdict,
            reason=reason,
            leftovers=leftovers,
            closings=_closings(looks),
            growth=growth_of([(look.at, look.counters) for look in looks if look.counters]),
            notes=tuple(self.notes),
            cost=Cost(0.0, 0, 0, 0.0, 0.0, explaining_seconds=time.monotonic() - began),
            python=looks[-1].python if looks else "",
            seconds=looks[-1].at if looks else 0.0,
            looks=len(looks),
            snapshots=tuple(self.snapshots),
        )

    def _looks(self) -> Iterator[Look]:
        """In the order of time."""
        found = []
        for file in sorted(self.folder.glob("look-*.json"))[:_MOST_LOOKS]:
            try:
                found.append(load_look(file))
            except (OutliveError, OSError) as error:
                self.notes.append(Note("look-unreadable", str(error)))
        yield from sorted(found, key=lambda look: look.at)

    def _explained(self, look: Look) -> tuple[Leftover, ...]:
        """The leftovers of one look; a mistake of ours in explaining must not take the report with it."""
        if not look.snapshot:
            return ()
        file = self.folder / Path(look.snapshot).name
        category = Category.RUNTIME if look.reason in _RUNNING else Category.SHUTDOWN
        try:
            found = _leftovers_of(look, file, self.contracts, category)
        except (OutliveError, OSError) as error:
            return self._not_explained(f"the snapshot of {look.reason!r} could not be read: {error}")
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            return self._not_explained(f"a mistake in Outlive, please report it: {told}")
        self.snapshots.append(str(file))
        return found

    def _not_explained(self, words: str) -> tuple[Leftover, ...]:
        self.unexplained = self.unexplained or words
        self.notes.append(Note("not-explained", words))
        return ()


def _merged(leftovers: Sequence[Leftover]) -> tuple[Leftover, ...]:
    """One for each fingerprint: the last telling (it knows most), in the earliest category it was seen in."""
    by_print: dict[str, Leftover] = {}
    for one in leftovers:
        known = by_print.get(one.fingerprint)
        earliest = min((one, known or one), key=lambda row: _ORDER.index(row.category))
        by_print[one.fingerprint] = replace(_graver(known, one), category=earliest.category)
    ranked = sorted(
        _not_twice(list(by_print.values())), key=lambda row: (row.harmless, row.answer is not Answer.HELD, -row.count)
    )
    return tuple(sorted(ranked, key=lambda row: _ORDER.index(row.category)))


def _not_twice(leftovers: Sequence[Leftover]) -> list[Leftover]:
    """Without what an earlier look told better: as held, or as the cause of something graver.

    What is held when the loop ends often waits for the collector when the program does; and the task of a swallowed
    cancellation has ended by then.
    """
    held = {_end_of(one) for one in leftovers if one.answer is Answer.HELD}
    told = "\n".join(line for one in leftovers if one.problem == "made-after-close" for line in one.evidence)

    def is_cause(one: Leftover) -> bool:
        swallowed = one.problem == "swallowed-cancellation" and one.harmless
        return (
            swallowed and bool(one.examples) and all(f"a cancellation of {name} was" in told for name in one.examples)
        )

    def is_held_too(one: Leftover) -> bool:
        return one.answer is not Answer.HELD and bool(one.lifetime) and _end_of(one) in held

    return [one for one in leftovers if not is_cause(one) and not is_held_too(one)]


def _end_of(one: Leftover) -> tuple[object, ...]:
    """Which end was outlived, and where it was."""
    at = one.ended_at
    return (one.lifetime, *((at.file, at.line) if at is not None else ()))


def _graver(known: Leftover | None, one: Leftover) -> Leftover:
    """What is held counts more than what was in flight earlier or later; of alike ones the later."""
    if known is None or known.answer is not Answer.HELD or one.answer is Answer.HELD:
        return one
    return known


def _closings(looks: Sequence[Look]) -> tuple[Closing, ...]:
    """Every closing once: each look tells all since the beginning, so the last one that tells any has them."""
    telling = [look.closings for look in looks if look.closings]
    return telling[-1] if telling else ()


def _raised(folder: Path) -> str:
    """The exception that ended it, by its type; "" for none that was noted."""
    try:
        words = (folder / "ending").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return next((row.partition("=")[2] for row in words.splitlines() if row.startswith("raised=")), "")


def _how_it_ended(status: int, looks: Sequence[Look], raised: str) -> ProgramEnd:
    last = looks[-1].reason if looks else ""
    if status < 0:
        name = _signal_name(-status)
        how = "signal" if last.startswith("signal") else "killed" if -status == signal.SIGKILL else "crashed"
        return ProgramEnd(how, status, f"it was ended by {name}")
    if last == "os._exit":
        return ProgramEnd("os._exit", status, f"it called os._exit({status})")
    if raised:
        return ProgramEnd("raised", status, f"it ended by an unhandled {raised}")
    how = "returned" if status == 0 else "exited"
    return ProgramEnd(how, status, f"it ended with status {status}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _verdict(
    leftovers: Sequence[Leftover], looks: Sequence[Look], end: ProgramEnd, unexplained: str
) -> tuple[Verdict, str]:
    leaks = [one for one in leftovers if one.answer is Answer.HELD and not one.harmless]
    if leaks:
        first = leaks[0].sentence.rstrip(".")
        many = f"{len(leaks)} mistakes; first, " if len(leaks) > 1 else ""
        return Verdict.LEAK, f"{many}{first[:1].lower() + first[1:]}" if many else first
    if not looks:
        return Verdict.COULD_NOT_TELL, "it could not be watched"
    final = looks[-1]
    if not final.reason.startswith(_FINAL):
        age = f"the last look, {final.at:.0f} s after its start, is all there is"
        return Verdict.COULD_NOT_TELL, f"{end.words}, and nothing could be looked at then: {age}"
    if not final.snapshot:
        return Verdict.COULD_NOT_TELL, "its heap could not be looked at when it ended"
    if unexplained:
        return Verdict.COULD_NOT_TELL, unexplained
    return Verdict.NO_LEAK, "nothing outlived its end"


def _told(one: Leftover, context: Context, sources: Sources) -> Leftover:
    """With the source lines of its sites, which begin where somebody asked the standard library for it."""

    def line(site: Site | None) -> Site | None:
        return sources.filled(beyond_stdlib(site, context))

    why = one.explanation
    told = replace(why, site=line(why.site)) if why is not None else None
    return replace(one, explanation=told, made_at=line(one.made_at))
