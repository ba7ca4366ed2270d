"""LeakSanitizer's and AddressSanitizer's text, from a log that may hold the program's own output and many processes.

Theory of operation. `==PID==ERROR:` opens a section, `SUMMARY:` closes it (an error of AddressSanitizer goes on to
`==PID==ABORTING`). Only these two lines carry a number of their process, so lines of two processes that wrote into one
file at once cannot be parted in general. Three things are done about it: where every line has a prefix with the PID (as
log collectors write it) lines go to their section by it; frames are taken only in the order of their numbers; and a
section that opens before the last one has closed makes both partial. The sums of a leak report are held against its
SUMMARY, which proves that nothing is missing.
"""

from __future__ import annotations

import dataclasses
import re

from outlive.imports.draft import Draft, below, named, stack, with_trouble
from outlive.imports.figures import together, whole_number
from outlive.imports.limits import FRAMES, REPORTS
from outlive.imports.lines import Lines
from outlive.imports.sanitizer_kinds import broken_kind
from outlive.model.imported import Frame, Hidden, Loss, Report, Stack

OPENING = re.compile(r"==(\d{1,10})==ERROR: (LeakSanitizer|AddressSanitizer): ?(.*)")
RULE = re.compile(r"^-{40,}$")
_PREFIX = re.compile(r"^\s*(?:\[(\d{1,10})\]|(?:pid[ =:]?)?(\d{1,10})[:|>])\s?")
_LEAK = re.compile(r"(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:")
_FRAME = re.compile(r"^\s*#(\d{1,7}) 0x[0-9a-f]+ (.*)$")
_PLACE = re.compile(r"^(.*?):(\d+)(?::\d+)?$")
_SUMMARY = re.compile(r"SUMMARY: (LeakSanitizer|AddressSanitizer): (.*)")
_LEAKED = re.compile(r"^(\d+) byte\(s\) leaked in (\d+) allocation\(s\)\.$")
_OMITTED = re.compile(r"Omitting (\d+) more leak\(s\)\.")
_ABORTING = re.compile(r"==\d+==ABORTING$")
_USED = re.compile(r"^\s*(\d+)\s+(\d+)\s(\S.*)$")
_SUPPRESSIONS, _COLUMNS = "Suppressions used:", "count      bytes template"
_ROLES = (
    (re.compile(r"^(?:previously )?allocated by thread \S+"), "allocated"),
    (re.compile(r"^freed by thread \S+"), "freed"),
    (re.compile(r"^(?:READ|WRITE) of size \d+ at 0x[0-9a-f]+ thread"), "used"),
    (re.compile(r"^Thread T\d+.* created by"), "thread made"),
)


class _Section:
    """One process's report while its lines come in."""

    def __init__(self, file: str, pid: int, tool: str, headline: str) -> None:
        self.draft = Draft(file, "sanitizer", tool, pid)
        self.leaks = "detected memory leaks" in headline
        self.headline = headline
        self.closed = self.summed = self.mixed = False
        self._record: tuple[Loss, int, int] | None = None
        self._stacks: list[Stack] = []
        self._frames: list[Frame] = []
        self._numbers = 0
        self._broken_order = False
        self._role = "allocated" if self.leaks else "used"
        self._omitted = False

    def line(self, text: str) -> None:
        """Take one line of this section."""
        if found := _FRAME.match(text):
            self._frame(int(found[1]), found[2])
        elif found := _LEAK.search(text):
            self._end_record()
            loss = Loss.DEFINITE if found[1] == "Direct" else Loss.INDIRECT
            self._record = (loss, whole_number(found[3]), whole_number(found[2]))
        elif _OMITTED.search(text):
            self._omitted = True
        elif found := _SUMMARY.search(text):
            self._summary(found[1], found[2].strip())
        elif _ABORTING.search(text):
            self._aborting()
        else:
            self._other(text.strip())

    def _other(self, text: str) -> None:
        for pattern, role in _ROLES:
            if pattern.match(text):
                self._end_stack()
                self._role = role
                return
        if not text:
            self._end_stack()

    def _frame(self, number: int, text: str) -> None:
        """Frames come numbered from 0; one out of turn is another report's, and what follows cannot be told apart."""
        if number == 0 and self._numbers:
            self._end_stack()
        if number != self._numbers:
            self._broken_order = True
            return
        self._numbers += 1
        if len(self._frames) <= FRAMES:
            self._frames.append(frame(text))

    def _end_stack(self) -> None:
        if self._frames:
            self._stacks.append(stack(self._role, self._frames, cut=self._broken_order))
        if self._broken_order:
            self.draft.trouble("frames out of order: lines of several reports are mixed here")
        self._frames, self._numbers, self._broken_order = [], 0, False

    def _end_record(self) -> None:
        self._end_stack()
        if self._record is not None:
            loss, count, size = self._record
            self.draft.claim("leak", self._stacks, loss=loss, count=count, bytes=size)
        if self.leaks:
            self._record, self._stacks = None, []

    def _summary(self, tool: str, text: str) -> None:
        """A leak report of a program built for AddressSanitizer begins as LeakSanitizer's; here is its name."""
        self.summed = True
        self.draft.tool = tool
        if not self.leaks:
            self._end_stack()
            return
        self._end_record()
        if found := _LEAKED.match(text):
            self._compare(whole_number(found[1]), whole_number(found[2]))
            self.closed = True

    def _compare(self, size: int, count: int) -> None:
        claims = self.draft.claims
        told = together([one.bytes for one in claims]), together([one.count for one in claims])
        same = told == (size, count) or (not claims and size == count == 0)
        self.draft.whole = same and size >= 0
        if not same:
            why = "the tool was told to show the largest only" if self._omitted else "records of it are missing"
            told_bytes = max(told[0], 0)
            self.draft.trouble(f"its records tell of {told_bytes:,} of {size:,} bytes in all: {why}")

    def _aborting(self) -> None:
        if not self.leaks:
            self._end_stack()
            self.closed = self.draft.whole = True

    def end(self) -> Report:
        """The report; what has not closed by now is cut."""
        if self.leaks:
            self._end_record()
        else:
            self._end_stack()
            self._claim_broken()
        if self.mixed:
            self.draft.whole = False
            self.draft.trouble("two processes wrote their reports at the same time; lines of both may be mixed")
        return self.draft.report()

    def _claim_broken(self) -> None:
        kind = broken_kind(self.headline)
        self.draft.claim(kind, self._stacks, text=self.headline)
        if not self.draft.whole:
            self.draft.trouble("no ABORTING at its end: the report is cut, or the program was told to go on")


def read(file: str, lines: Lines) -> list[Report]:
    """A report for each process that has a section."""
    reading = _Reading(file)
    for line in lines:
        reading.line(line)
    return reading.end(lines)


class _Reading:
    def __init__(self, file: str) -> None:
        self._file = file
        self._open: dict[int, _Section] = {}
        self._last: _Section | None = None
        self._reports: list[Report] = []
        self._hidden: list[Hidden] = []
        self._rule = ""  # the line of dashes that opened a list of used suppressions
        self._rule_before = ""
        self._list_closed = False
        self._more = 0

    def line(self, text: str) -> None:
        pid, rest = self._channel(text)
        if found := OPENING.search(text):
            self._opening(int(found[1]), found[2], found[3])
        elif self._suppressions(text):
            return
        else:
            section = self._open.get(pid) if pid else self._last
            if not pid and len(self._open) > 1 and rest.strip():
                self._mixed()
            if section is not None:
                section.line(rest)
                if section.closed:
                    self._close(section)

    def _channel(self, text: str) -> tuple[int, str]:
        """Whose line it is, where a prefix says it, and the line without the prefix."""
        found = _PREFIX.match(text)
        pid = int(found[1] or found[2]) if found else 0
        return (pid, text[found.end() :]) if found and pid in self._open else (0, text)

    def _opening(self, pid: int, tool: str, headline: str) -> None:
        if len(self._reports) + len(self._open) >= REPORTS:
            self._more += 1
            return
        if pid in self._open:
            self._close(self._open[pid])
        for other in [one for one in self._open.values() if one.summed]:
            self._close(other)
        section = _Section(self._file, pid, tool, headline)
        self._open[pid] = self._last = section

    def _mixed(self) -> None:
        for section in self._open.values():
            section.mixed = True

    def _close(self, section: _Section) -> None:
        self._open.pop(section.draft.pid, None)
        self._reports.append(section.end())
        if section is self._last:
            self._last = next(reversed(self._open.values()), None)

    def _suppressions(self, text: str) -> bool:
        """The list of suppressions that hid something, between two equal rules. Programs draw rules too."""
        bare = text.strip()
        before, self._rule_before = self._rule_before, bare if RULE.match(bare) else ""
        if self._rule:
            if bare == self._rule:
                self._rule, self._list_closed, self._rule_before = "", True, ""
            elif found := _USED.match(bare):
                self._hidden.append(Hidden(named(found[3]), whole_number(found[1]), whole_number(found[2])))
            elif bare != _COLUMNS:
                self._rule = ""
                return False
            return True
        if bare == _SUPPRESSIONS and before:
            self._rule, self._list_closed = before, False
            return True
        return False

    def end(self, lines: Lines) -> list[Report]:
        for section in [*self._open.values()]:
            self._close(section)
        self._tell_hidden()
        if self._more:
            beyond = f"further processes are beyond the limit of {REPORTS:,} and are not told: {self._more:,}"
            self._reports = [with_trouble(one, beyond) for one in self._reports]
        return [below(one, lines) for one in self._reports]

    def _tell_hidden(self) -> None:
        """A list of suppressions belongs to no section by anything that it says: to the only one, or to none."""
        if not self._hidden:
            return
        if len(self._reports) == 1:
            self._reports = [dataclasses.replace(self._reports[0], hidden=tuple(self._hidden))]
            return
        draft = Draft(self._file, "sanitizer", "LeakSanitizer")
        draft.hidden = self._hidden
        draft.whole = self._list_closed
        draft.clean = not self._reports
        self._reports.append(draft.report())


def frame(text: str) -> Frame:
    """A frame from what follows its address: `in function file:line`, `in function (module+offset)`, or no function."""
    words, module, offset = _without_module(text.strip())
    function = words.removeprefix("in ").strip() if words.startswith("in ") else ""
    file, line = "", 0
    if function and not module:
        function, file, line = _function_and_place(function)
    return Frame(named(function), named(module), named(file), max(line, 0), offset=offset)


def _without_module(words: str) -> tuple[str, str, int]:
    """What stands before `(module+0xoffset)`, the module and the offset. By hand: paths may hold brackets."""
    inside = words.partition(" (BuildId: ")[0].rstrip()
    at = inside.rfind("+0x")
    rooted = [found for found in (inside.find(" (/", 0, at), inside.find(" ([", 0, at)) if found >= 0]
    begin = 0 if inside.startswith("(") else min(rooted, default=inside.rfind(" (", 0, at))
    if at < 0 or begin < 0 or not inside.endswith(")"):
        return words, "", -1
    return inside[:begin].strip(), inside[begin:at].strip().removeprefix("("), whole_number(inside[at + 3 : -1], 16)


def _function_and_place(words: str) -> tuple[str, str, int]:
    """A C++ name has spaces in it, and so may a path: the path begins where a space and a slash or dots come first."""
    found = _PLACE.match(words)
    if not found:
        return words, "", 0
    rooted = [at for at in (found[1].find(mark) for mark in (" /", " ./", " ../")) if at >= 0]
    at = min(rooted) if rooted else found[1].rfind(" ")
    if at < 0:
        return words, "", 0
    return found[1][:at], found[1][at + 1 :], whole_number(found[2])


def is_mark(line: str) -> bool:
    """Whether this line opens something that `read` understands."""
    return bool(OPENING.search(line)) or line.strip() == _SUPPRESSIONS
