"""jemalloc's profile, `heap_v2`: live allocations by stack, and the mappings that turn addresses into modules.

What is live when the profile is written may be in use: *unfreed*, and no more. Sampled profiles estimate.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from outlive.imports.draft import Draft, below, named, stack
from outlive.imports.figures import together, whole_number
from outlive.imports.limits import FRAMES, TABLE_ROWS
from outlive.imports.lines import Lines
from outlive.model.imported import Frame, Loss, Report

HEAD = re.compile(r"^heap_v2/(\d{1,20})$")
_TOTAL = re.compile(r"^\s+t\*: (\d{1,20}): (\d{1,20}) \[\d+: \d+\]$")
_MAPPING = re.compile(r"^([0-9a-f]{1,16})-([0-9a-f]{1,16}) \S{4} ([0-9a-f]{1,16}) \S+ \d+ *(.*)$")
_LAST = "[vsyscall]"


def read(file: str, lines: Lines) -> list[Report]:
    """One report; it is whole when the stacks add up to the total and the list of mappings comes to its usual end."""
    profile = _Profile(file)
    for line in lines:
        profile.line(line)
    return [profile.end(lines)]


class _Profile:
    def __init__(self, file: str) -> None:
        self._draft = Draft(file, "jemalloc", "jemalloc")
        self._total: tuple[int, int] | None = None
        self._stack: list[int] | None = None
        self._rows: list[tuple[list[int], int, int]] = []
        self._mappings: list[tuple[int, int, int, str]] = []
        self._ended = False

    def line(self, text: str) -> None:
        if text.startswith("@"):
            self._stack = [whole_number(one.removeprefix("0x"), 16) for one in text[1:].split()[: FRAMES + 1]]
        elif found := _TOTAL.match(text):
            pair = whole_number(found[1]), whole_number(found[2])
            if self._stack is None:
                self._total = pair
            elif len(self._rows) < TABLE_ROWS:
                self._rows.append((self._stack, *pair))
        elif found := _MAPPING.match(text):
            self._mapping(found[1], found[2], found[3], found[4])
        elif (found := HEAD.match(text)) and int(found[1]) > 1:
            self._draft.trouble(f"amounts are estimates from a sample of one in about {int(found[1]):,} bytes")

    def _mapping(self, begin: str, end: str, offset: str, path: str) -> None:
        self._ended = path == _LAST
        if len(self._mappings) < TABLE_ROWS and path:
            row = whole_number(begin, 16), whole_number(end, 16), whole_number(offset, 16), named(path)
            self._mappings.append(row)

    def end(self, lines: Lines) -> Report:
        self._mappings.sort()
        begins = [one[0] for one in self._mappings]
        for calls, count, size in self._rows:
            frames = [self._frame(one, begins) for one in calls]
            self._draft.claim("leak", [stack("allocated", frames)], loss=Loss.UNFREED, count=count, bytes=size)
        told = together([one[1] for one in self._rows]), together([one[2] for one in self._rows])
        agree = told == self._total or (self._total == (0, 0) and not self._rows)
        self._draft.whole = agree and self._ended
        if self._total is not None and not agree:
            self._draft.trouble(f"its stacks tell of {max(told[1], 0):,} of {self._total[1]:,} bytes in all")
        self._draft.clean = self._total == (0, 0)
        return below(self._draft.report(), lines)

    def _frame(self, address: int, begins: list[int]) -> Frame:
        """Return addresses stand after the call: one less is inside of it."""
        at = bisect_right(begins, address - 1) - 1
        if at >= 0 and address <= self._mappings[at][1]:
            begin, _, offset, path = self._mappings[at]
            return Frame(module=path, offset=address - 1 - begin + offset)
        return Frame(offset=address)
