"""Valgrind's text: Memcheck's errors, leak records and open descriptors, each line with its process in front.

Theory of operation. Every line begins with `==PID==`, so interleaved processes are parted surely. Within one process
a block of lines without an empty one between them is one record: a sentence, then `at`/`by` frames, further sentences
with frames of their own. Which sentence opens which kind stands in one table. The last line is ERROR SUMMARY; the LEAK
SUMMARY is held against the records.
"""

from __future__ import annotations

import re

from outlive.imports.draft import Draft, below, named, stack, with_trouble
from outlive.imports.figures import together, whole_number
from outlive.imports.limits import FRAMES, REPORTS, STACKS
from outlive.imports.lines import Lines
from outlive.imports.valgrind_kinds import kind_of, role_of
from outlive.model.imported import Frame, Hidden, Loss, Report, Stack

LINE = re.compile(r"^(?:--|==)(\d{1,10})(?:--|==)(?: (.*))?$")
_LEAK = re.compile(
    r"^([\d,]+) (?:\(([\d,]+) direct, [\d,]+ indirect\) )?bytes in ([\d,]+) blocks are "
    r"(definitely lost|indirectly lost|possibly lost|still reachable) in loss record"
)
_LOSSES = {
    "definitely lost": Loss.DEFINITE,
    "indirectly lost": Loss.INDIRECT,
    "possibly lost": Loss.POSSIBLE,
    "still reachable": Loss.REACHABLE,
}
_FRAME = re.compile(r"^\s+(?:at|by) 0x[0-9A-Fa-f]+: (.*)$")
_OPEN_FD = re.compile(r"^Open (file descriptor \d+|AF_\w+ socket \d+|socket \d+)\b(.*)$")
_TOTAL = re.compile(r"^\s*(definitely lost|indirectly lost|possibly lost): ([\d,]+) bytes in ([\d,]+) blocks$")
_SUPPRESSED = re.compile(r"^used_suppression: +(\d+) (\S.*)$")
_END = re.compile(r"^ERROR SUMMARY: [\d,]+ errors from [\d,]+ contexts \(suppressed: [\d,]+ from [\d,]+\)$")
_ERRORS = (
    ("Invalid free()", "InvalidFree"),
    ("Mismatched free()", "MismatchedFree"),
    ("Mismatched new/delete", "MismatchedAllocateDeallocateSize"),
    ("Invalid read of size", "InvalidRead"),
    ("Invalid write of size", "InvalidWrite"),
    ("Conditional jump or move depends on uninitialised", "UninitCondition"),
    ("Use of uninitialised value", "UninitValue"),
    ("Syscall param ", "SyscallParam"),
    ("Source and destination overlap", "Overlap"),
    ("Jump to the invalid address", "InvalidJump"),
    ("Argument '", "FishyValue"),
    ("realloc() with size 0", "ReallocSizeZero"),
    ("File descriptor ", "FdBadClose"),
)


class _Process:
    """One process's lines as they come in."""

    def __init__(self, file: str, pid: int) -> None:
        self._draft = Draft(file, "valgrind-text", "valgrind", pid)
        self._record: list[str] = []
        self._stacks: list[Stack] = []
        self._frames: list[Frame] = []
        self._said = ""
        self._totals: dict[Loss, tuple[int, int]] = {}
        self._clean = False
        self._inherited = False

    def line(self, text: str) -> None:
        """Take a line without its mark."""
        if found := _FRAME.match(text):
            if len(self._frames) <= FRAMES:
                self._frames.append(_frame(found[1]))
        elif not text.strip():
            self._end_record()
        elif "<inherited from parent>" in text:
            self._inherited = True
        elif self._record:
            self._end_stack()
            self._said = text.strip()
            if len(self._record) < STACKS:
                self._record.append(self._said)
        elif _LEAK.match(text) or _OPEN_FD.match(text) or text.startswith(tuple(begin for begin, _ in _ERRORS)):
            self._record = [text.strip()]
        else:
            self._plain(text)

    def _plain(self, text: str) -> None:
        if text.startswith("Using Valgrind-"):
            self._draft.version = text.removeprefix("Using Valgrind-").split()[0]
        elif text.startswith("Command: "):
            self._draft.command = text.removeprefix("Command: ")
        elif "no leaks are possible" in text:
            self._clean = True
        elif found := _TOTAL.match(text):
            self._totals[_LOSSES[found[1]]] = whole_number(found[2]), whole_number(found[3])
        elif found := _SUPPRESSED.match(text):
            self._draft.hidden.append(Hidden(named(found[2]), whole_number(found[1])))
        elif _END.match(text):
            self._draft.whole = True
        elif "Rerun with --leak-check=full" in text:
            self._draft.trouble("it ran without --leak-check=full: amounts without places are not told")

    def _end_stack(self) -> None:
        if self._frames and len(self._stacks) < STACKS:
            self._stacks.append(stack(role_of(self._said) if self._said else "", self._frames))
        self._frames, self._said = [], ""

    def _end_record(self) -> None:
        self._end_stack()
        if self._record and not self._inherited:
            self._claim(self._record[0])
        self._record, self._stacks, self._inherited = [], [], False

    def _claim(self, sentence: str) -> None:
        if found := _LEAK.match(sentence):
            size, count = whole_number(found[2] or found[1]), whole_number(found[3])
            self._draft.claim(
                "leak", self._in_role("allocated"), loss=_LOSSES[found[4]], count=count, bytes=size, text=sentence
            )
        elif _OPEN_FD.match(sentence):
            stacks = self._in_role("opened")
            self._draft.claim("fd-not-closed", stacks, resource="fd", loss=Loss.UNFREED, count=1, text=sentence)
        else:
            name = next(name for begin, name in _ERRORS if sentence.startswith(begin))
            kind = kind_of(name, " ".join(self._record[1:]))
            resource = "fd" if kind.startswith("fd-") else "native"
            self._draft.claim(kind, self._in_role("used"), resource=resource, text=" · ".join(self._record))

    def _in_role(self, role: str) -> list[Stack]:
        return [one if one.role else Stack(role, one.frames, one.cut) for one in self._stacks]

    def end(self, lines: Lines) -> Report:
        """The report; records that do not add up to the summary make it partial."""
        self._end_record()
        self._compare()
        self._draft.clean = self._clean or (bool(self._totals) and not any(sum(one) for one in self._totals.values()))
        return below(self._draft.report(), lines)

    def _compare(self) -> None:
        for loss, (size, count) in self._totals.items():
            mine = [one for one in self._draft.claims if one.loss is loss]
            told = max(together([one.bytes for one in mine]), 0), max(together([one.count for one in mine]), 0)
            if told != (size, count):
                self._draft.whole = False
                self._draft.trouble(f"records of {loss.value} losses tell of {told[0]:,} of {size:,} bytes")


def read(file: str, lines: Lines) -> list[Report]:
    """A report for each process."""
    processes: dict[int, _Process] = {}
    more: set[int] = set()
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        pid = int(found[1])
        if pid not in processes:
            if len(processes) >= REPORTS:
                more.add(pid) if len(more) < REPORTS else None
                continue
            processes[pid] = _Process(file, pid)
        processes[pid].line(found[2] or "")
    reports = [one.end(lines) for one in processes.values()]
    beyond = f"further processes are beyond the limit of {REPORTS:,} and are not told"
    return [with_trouble(one, beyond) for one in reports] if more else reports


def _frame(words: str) -> Frame:
    """`function (file:line)`, `function (in module)`, `??? (in module)`, or `???`."""
    at = words.rfind(" (")
    function, inside = (words[:at], words[at + 2 :].removesuffix(")")) if at >= 0 else (words, "")
    function = "" if function == "???" else function
    if inside.startswith("in "):
        return Frame(named(function), named(inside.removeprefix("in ")))
    file, colon, line = inside.rpartition(":")
    if not colon:
        return Frame(named(words if words != "???" else ""))
    return Frame(named(function), "", named(file), max(whole_number(line), 0))


def is_mark(line: str) -> bool:
    """Whether this line is Valgrind's. A line of a sanitizer begins alike, and goes on with ERROR."""
    found = LINE.match(line)
    return found is not None and (found[2] or "").startswith(
        ("Memcheck,", "Using Valgrind-", "HEAP SUMMARY", "Command:")
    )
