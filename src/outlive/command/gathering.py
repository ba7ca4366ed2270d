"""Reads the looks of a run while it goes on, and throws away those that are read: a long run would fill the disk.

A look at a step mark becomes a reading as soon as the next look of its process is whole, which confirms what is lost.
The last two looks of a process that marks steps stay: the holders of what is kept are asked of them. Of one that marks
none the look at its end is read and goes.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from outlive.capture.container import DamagedSnapshot
from outlive.command.looked import (
    LookFile,
    Tallies,
    add,
    could_be_in_registers,
    kept_rows,
    kept_tallies,
    look_file,
    lost_rows,
    lost_tallies,
)
from outlive.command.origins import Origins

_NAME = re.compile(r"blocks-(\d+)-(\d+)\.outlive")
_KEPT = 2
# Names take time, and who listens to a run must not be late: looks at the end are read when so many wait, or at last.
_MOST_WAITING = 500


@dataclass(frozen=True)
class Reading:
    """After so many steps. `at_ns` is when it was complete."""

    steps: int
    at_ns: int
    lost: Tallies
    kept: Tallies


@dataclass(frozen=True)
class Ended:
    """What a process had lost at its end, by the number of the origin. `unsure`: so few that registers of a thread
    may hold them. `blocks` were made in its life, `step` was the last it heard of."""

    lost: Tallies
    unsure: frozenset[int]
    blocks: int
    step: int
    at_ns: int
    doubts: tuple[str, ...]


@dataclass
class Gathered:
    """One process: its readings at marks, by pairs; what it lost at its end, if it came to one; its last looks."""

    pid: int
    readings: list[Reading] = field(default_factory=list)
    looks: list[LookFile] = field(default_factory=list)
    first_step: int | None = None
    ended: Ended | None = None

    @property
    def at_mark(self) -> LookFile | None:
        """The last look at a mark: at the very end the program may have let go of what it held."""
        return next((one for one in reversed(self.looks) if not one.is_end), None)

    def add(self, look: LookFile) -> None:
        """The next look of this process."""
        before = self.looks[-1] if self.looks else None
        self.looks.append(look)
        if before is not None and not before.is_end:
            self._read(before, look)
        self._keep(_KEPT)

    def read_end(self, origins: Origins) -> None:
        """Read the look at the end."""
        at_end = next((one for one in reversed(self.looks) if one.is_end), None)
        self.ended = _ended(at_end, origins) if at_end is not None else None
        self._keep(_KEPT if self.readings else 0)

    def _keep(self, count: int) -> None:
        while len(self.looks) > count:
            with contextlib.suppress(OSError):
                self.looks.pop(0).path.unlink()

    def _read(self, one: LookFile, later: LookFile) -> None:
        """Steps rise: a second look at the same step, or one behind it, is none of growth."""
        first = self.first_step = one.step if self.first_step is None else self.first_step
        if self.readings and one.step - first <= self.readings[-1].steps:
            return
        look = one.open()
        lost, kept = lost_rows(look, later.open()), kept_rows(look)
        reading = Reading(one.step - first, one.at_ns, lost_tallies(look, lost), kept_tallies(look, kept))
        self.readings.append(reading)


def _ended(at_end: LookFile, origins: Origins) -> Ended:
    look = at_end.open()
    lost: Tallies = {}
    for pair, tally in lost_tallies(look, lost_rows(look)).items():
        add(lost, origins.of_pair(look, pair), tally)
    unsure = frozenset(number for number, tally in lost.items() if could_be_in_registers(look, tally.count))
    return Ended(lost, unsure, at_end.facts["tick"], at_end.step, at_end.at_ns, look.seen.doubts)


class Gathering:
    """All processes that leave looks in `folder`. `looks` counts them, `looking_us` is what they cost the program."""

    def __init__(self, folder: Path, origins: Origins) -> None:
        self.folder = folder
        self.origins = origins
        self.looks = 0
        self.looking_us = 0
        self._processes: dict[int, Gathered] = {}
        self._next: dict[int, int] = defaultdict(int)
        self._at_end: list[Gathered] = []

    @property
    def processes(self) -> tuple[Gathered, ...]:
        """By their numbers."""
        return tuple(one for _, one in sorted(self._processes.items()))

    def take(self, *, all_ended: bool = False) -> None:
        """Read what has come. `all_ended`: what is not whole by now never will be, and is passed over."""
        numbers: dict[int, list[int]] = defaultdict(list)
        for path in self.folder.iterdir():
            name = _NAME.fullmatch(path.name)
            if name is not None and int(name[2]) >= self._next[int(name[1])]:
                numbers[int(name[1])].append(int(name[2]))
        for pid, waiting in sorted(numbers.items()):
            for number in sorted(waiting):
                if not self._take_one(pid, number) and not all_ended:
                    break
        if all_ended or len(self._at_end) > _MOST_WAITING:
            for one in self._at_end:
                one.read_end(self.origins)
            self._at_end.clear()

    def _take_one(self, pid: int, number: int) -> bool:
        try:
            look = look_file(self.folder / f"blocks-{pid}-{number}.outlive")
            process = self._processes.setdefault(pid, Gathered(pid))
            process.add(look)
        except (DamagedSnapshot, OSError):
            return False  # it is being written; or its process was killed meanwhile
        self._next[pid] = number + 1
        if look.is_end:
            self._at_end.append(process)
        self.looks += 1
        self.looking_us += look.facts["pause_us"] + look.facts["scan_us"]
        return True
