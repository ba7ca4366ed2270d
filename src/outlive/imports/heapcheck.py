"""The text of gperftools' heap checker.

Its leaks are blocks that nothing points to. Where it says itself that it may report what is none, one is possible only.
"""

from __future__ import annotations

import re

from outlive.imports.draft import Draft, below, named, stack
from outlive.imports.figures import together, whole_number
from outlive.imports.limits import FRAMES
from outlive.imports.lines import Lines
from outlive.model.imported import Frame, Loss, Report

CHECK = re.compile(r"Leak check (\S.*?) detected leaks of (\d+) bytes in (\d+) objects")
CLEAN = re.compile(r"No leaks found for check \"?(\S+?)\"?(?: |$)")
_LEAK = re.compile(r"^\s*Leak of (\d+) bytes in (\d+) objects allocated from:")
_FRAME = re.compile(r"^\s*@ ([0-9a-f]{1,16})(?: (.*))?$")
_END = "Exiting with error code (instead of crashing) because of whole-program memory leaks"
_DOUBT = "might report false leaks"


def read(file: str, lines: Lines) -> list[Report]:
    """One report; it is whole when the records add up to what was detected, and its last line is there."""
    reading = _Reading(file)
    for line in lines:
        reading.line(line)
    return [reading.end(lines)]


class _Reading:
    def __init__(self, file: str) -> None:
        self._draft = Draft(file, "heapcheck", "gperftools heap checker")
        self._total: tuple[int, int] | None = None
        self._record: tuple[int, int] | None = None
        self._frames: list[Frame] = []
        self._records: list[tuple[int, int, list[Frame]]] = []
        self._doubtful = self._ended = False

    def line(self, text: str) -> None:
        if found := _FRAME.match(text):
            if self._record is not None and len(self._frames) <= FRAMES:
                self._frames.append(_frame(found[1], (found[2] or "").strip()))
            return
        self._end_record()
        if found := _LEAK.match(text):
            self._record = whole_number(found[1]), whole_number(found[2])
        elif found := CHECK.search(text):
            self._total = whole_number(found[2]), whole_number(found[3])
        elif CLEAN.search(text):
            self._draft.clean = self._draft.whole = True
        elif text.strip() == _END:
            self._ended = True
        elif _DOUBT in text:
            self._doubtful = True

    def _end_record(self) -> None:
        if self._record is not None:
            self._records.append((*self._record, self._frames))
        self._record, self._frames = None, []

    def end(self, lines: Lines) -> Report:
        self._end_record()
        loss = Loss.POSSIBLE if self._doubtful else Loss.DEFINITE
        for size, count, frames in self._records:
            self._draft.claim("leak", [stack("allocated", frames)], loss=loss, count=count, bytes=size)
        if self._doubtful:
            self._draft.trouble("the tool itself says that it might report what is no leak")
        if self._total is not None:
            told = together([one[0] for one in self._records]), together([one[1] for one in self._records])
            self._draft.whole = self._ended and told == self._total
            if told != self._total:
                self._draft.trouble(f"its records tell of {max(told[0], 0):,} of {self._total[0]:,} bytes in all")
        return below(self._draft.report(), lines)


def _frame(address: str, name: str) -> Frame:
    """Without symbols a call is known by its address only: `offset` keeps it, so that two calls stay two."""
    return Frame(named(name), offset=-1 if name else whole_number(address, 16))
