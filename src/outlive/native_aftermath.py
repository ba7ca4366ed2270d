"""After a program without Python, or one watched as if it had none, has ended: its looks become one report. Wires.

Theory of operation. The recorder left `blocks-<pid>-<number>.outlive` in the folder: one for each process when it
ended, and some while it worked. Every process is explained by itself (explain.native); a mistake that several of them
made is one. The last look tells what is lost, the ones before it when it went. A look that is not whole, because its
process was killed meanwhile, is a note. Names come from the files as they lie on disk now.
"""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePath

from outlive import native_witnesses as witnesses
from outlive.capture.blocks import BlockLook, load_blocks
from outlive.errors import OutliveError
from outlive.explain.native.causes import losses, ranked, told
from outlive.explain.native.grouping import Blocks, lost_rows
from outlive.explain.native.looked import Process, Taken
from outlive.explain.native.totals import totals
from outlive.explain.native.whose import owner_of
from outlive.model.explanation import NativeFrame, Owner, OwnerKind
from outlive.model.leftovers import ProgramEnd
from outlive.model.native_blocks import LookReason
from outlive.model.native_end import (
    BrokenUse,
    NativeLoss,
    NativeProcess,
    NativeReport,
    OpenHandle,
)
from outlive.model.verdict import Cost, Note, Verdict

LOOKS = "blocks-*-*.outlive"
_MOST_LOOKS = 2000
_JUST_BEFORE_S = 0.5
_DPKG = Path("/var/lib/dpkg/info")
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS, signal.SIGTRAP)


@dataclass(frozen=True)
class Course:
    """How the run went, as its parent saw it. Times are seconds since 1970, as files have them.

    `asked_to_end`: when a signal that means so was handed on; None: none was. `unwatched`: why nothing could be
    recorded.
    """

    pid: int
    status: int
    began: float
    ended: float
    asked_to_end: float | None = None
    unwatched: str = ""


def native_report(folder: Path, command: Sequence[str], course: Course) -> NativeReport:
    """The report of the native program whose looks are in `folder`."""
    return _Aftermath(folder, tuple(command), course).report()


@dataclass
class _Aftermath:
    """The state of one report in the making."""

    folder: Path
    command: tuple[str, ...]
    course: Course
    notes: list[Note] = field(default_factory=list)

    def report(self) -> NativeReport:
        began = time.monotonic()
        processes = list(self._processes())
        blocks = [Blocks(one, _named) for one in processes]
        found = _merged([loss for one in blocks for loss in self._losses(one)])
        seen = witnesses.seen_in(self.folder)
        broken, handles = seen.broken, seen.handles
        self.notes += seen.notes
        self._doubts(processes)
        main = next((one for one in processes if one.pid == self.course.pid), None)
        verdict, reason = _verdict(found, broken, handles, main, self.course)
        rows = tuple(_process(one) for one in processes)
        return NativeReport(
            command=self.command,
            end=how_it_ended(self.course.status),
            verdict=verdict,
            reason=reason,
            losses=found,
            broken=broken,
            handles=handles,
            totals=totals(blocks),
            notes=tuple(dict.fromkeys(self.notes)),
            cost=Cost(0.0, 0, 0, 0.0, 0.0, explaining_seconds=time.monotonic() - began),
            seconds=max(0.0, self.course.ended - self.course.began),
            looks=sum(one.looks for one in rows),
            live_count=sum(one.live_count for one in rows),
            live_bytes=sum(one.live_bytes for one in rows),
            processes=rows,
        )

    def _processes(self) -> Iterator[Process]:
        """The main one first, the others by their ids."""
        takes: dict[int, list[Taken]] = defaultdict(list)
        files = sorted(self.folder.glob(LOOKS), key=_number)
        if len(files) > _MOST_LOOKS:
            self.notes.append(Note("many-looks", f"only the first {_MOST_LOOKS:,} of {len(files):,} looks were read"))
        for file in files[:_MOST_LOOKS]:
            try:
                look = load_blocks(file)
                takes[look.facts["pid"]].append(self._taken(look, file))
            except (OutliveError, OSError) as error:
                self.notes.append(Note("look-unreadable", f"a look was not finished: {error}".splitlines()[0]))
        for pid in sorted(takes, key=lambda pid: (pid != self.course.pid, pid)):
            found = _until_its_end(takes[pid])
            modules = found[-1].look.modules
            others = tuple(one for other, rows in takes.items() if other < pid for one in _until_its_end(rows))
            asked = pid == self.course.pid and self.course.asked_to_end is not None
            yield Process(pid, modules[0].path if modules else "", found, others, asked)

    def _taken(self, look: BlockLook, file: Path) -> Taken:
        at = file.stat().st_mtime - look.facts["scan_us"] / 1e6
        asked = self.course.asked_to_end
        working = look.why is not LookReason.END and (asked is None or at <= asked)
        return Taken(look, max(0.0, at - self.course.began), working)

    def _losses(self, blocks: Blocks) -> tuple[NativeLoss, ...]:
        process = blocks.process
        # A tool of the system that a program starts is the system's, and not the program's own.
        is_main = process.pid == self.course.pid
        own = process.program if is_main or owner_of(process.program, "").kind is not OwnerKind.SYSTEM else ""
        events_of = witnesses.events(blocks.look)
        self.notes += witnesses.doubts(blocks.look)
        return losses(blocks, events_of=events_of, owner_of=lambda module, _: _packaged(owner_of(module, own), module))

    def _doubts(self, processes: Sequence[Process]) -> None:
        for one in processes:
            self.notes += [Note("not-seen", f"{words} (process {one.pid})") for words in one.final.look.seen.doubts]
            if not one.ended and one.pid != self.course.pid:
                self.notes.append(Note("not-ended", f"process {one.pid} was not looked at when it ended"))


# ---- names ----


def _named(look: BlockLook, stack: int) -> tuple[NativeFrame, ...]:
    found: list[NativeFrame] = []
    for frame in look.frames(stack):
        module = frame.module
        found += witnesses.named(module.path if module else "", frame.offset, module.build_id if module else "")
    return tuple(found)


def _packaged(owner: Owner, module: str) -> Owner:
    """A system library under the name of its package, where the system says it."""
    package = _package(module) if owner.kind is OwnerKind.SYSTEM else ""
    return replace(owner, name=package) if package else owner


@lru_cache(maxsize=256)
def _package(module: str) -> str:
    """Debian's package of a file; "" where there is no such system, or it knows of none."""
    paths = {module, "/usr" + module if module.startswith("/lib") else module.removeprefix("/usr")}
    lines = [f"\n{path}\n".encode() for path in paths]
    try:
        for file in sorted(_DPKG.glob("*.list")):
            text = file.read_bytes()
            if any(line in text for line in lines):
                return file.name.removesuffix(".list").partition(":")[0]
    except OSError:
        pass
    return ""


# ---- what the run comes to ----


def _merged(found: Sequence[NativeLoss]) -> tuple[NativeLoss, ...]:
    """The same mistake of several processes once."""
    by_print: dict[str, NativeLoss] = {}
    for one in found:
        known = by_print.get(one.fingerprint)
        by_print[one.fingerprint] = one if known is None else _sum(known, one)
    return ranked(list(by_print.values()))


def _sum(first: NativeLoss, second: NativeLoss) -> NativeLoss:
    lead, other = sorted((first, second), key=lambda one: not one.when_known)
    summed = replace(
        lead,
        count=first.count + second.count,
        bytes=first.bytes + second.bytes,
        under_count=first.under_count + second.under_count,
        under_bytes=first.under_bytes + second.under_bytes,
        certain=first.certain or second.certain,
        harmless=first.harmless and second.harmless,
        events=(*first.events, *second.events),
        parts=lead.parts or other.parts,
        processes=tuple(dict.fromkeys((*first.processes, *second.processes))),
    )
    return told(summed)


def _until_its_end(takes: Sequence[Taken]) -> tuple[Taken, ...]:
    """Without looks that a late signal asked for after the one at the end; each no later than the next one."""
    last = next((at for at, one in enumerate(takes) if one.look.why is LookReason.END), len(takes) - 1)
    kept = list(takes[: last + 1])
    for at in range(last - 1, -1, -1):
        kept[at] = replace(kept[at], at=min(kept[at].at, kept[at + 1].at))
    return tuple(kept)


def _process(process: Process) -> NativeProcess:
    look, rows = process.final.look, lost_rows(process)
    return NativeProcess(
        pid=process.pid,
        program=process.program,
        looks=len(process.takes),
        ended=process.ended,
        live_count=len(look.address),
        live_bytes=int(look.size.sum()),
        lost_count=len(rows),
        lost_bytes=int(look.size[rows].sum()),
    )


def _verdict(
    found: Sequence[NativeLoss],
    broken: Sequence[BrokenUse],
    handles: Sequence[OpenHandle],
    main: Process | None,
    course: Course,
) -> tuple[Verdict, str]:
    if course.unwatched:
        return Verdict.COULD_NOT_TELL, course.unwatched
    leading = [one for one in found if one.certain and not one.harmless]
    told = [one.sentence for one in broken] + [one.sentence for one in leading] + [one.sentence for one in handles]
    if told:
        first = told[0].rstrip(".")
        return Verdict.LEAK, first if len(told) == 1 else f"{len(told)} mistakes; first, {first}"
    end = how_it_ended(course.status)
    if main is None:
        if course.status < 0:
            return Verdict.COULD_NOT_TELL, f"{end.words}, before anything could be looked at"
        return Verdict.COULD_NOT_TELL, "nothing of it was recorded: it may have a malloc of its own"
    if not main.ended and not _seen_to_the_end(main, course):
        return Verdict.COULD_NOT_TELL, f"{end.words}, and its memory could not be looked at then"
    if any(not one.certain for one in found):
        return Verdict.COULD_NOT_TELL, "few blocks seem lost, and registers of its other threads may hold them"
    if not main.ended:
        return Verdict.NO_LEAK, f"nothing was lost just before it was told to end; {end.words}"
    held = len(main.final.look.address)
    words = "1 block was held" if held == 1 else f"{held:,} blocks were held"
    but = " but what a library loses once" if any(one.harmless for one in found) else ""
    return Verdict.NO_LEAK, f"nothing is lost{but}; {words} when it ended"


def _seen_to_the_end(main: Process, course: Course) -> bool:
    """A program that a signal ends without a handler has no end of its own: the look just before tells all."""
    asked = course.asked_to_end
    return asked is not None and course.status < 0 and course.began + main.final.at >= asked - _JUST_BEFORE_S


def how_it_ended(status: int) -> ProgramEnd:
    """`status` as subprocess gives it."""
    if status >= 0:
        return ProgramEnd("returned" if status == 0 else "exited", status, f"it ended with status {status}")
    number = -status
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    how = "killed" if number == signal.SIGKILL else "crashed" if number in _CRASHES else "signal"
    return ProgramEnd(how, status, f"it was ended by {name}")


def _number(file: Path) -> tuple[int, ...]:
    parts = PurePath(file).stem.split("-")[1:]
    return tuple(int(part) if part.isdecimal() else 0 for part in parts)
