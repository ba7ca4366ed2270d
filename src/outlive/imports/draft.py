"""A report while it is being read: takes claims within the limits and keeps in sentences what did not fit.

Every reader writes into one; none of them counts or cuts by itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from outlive.imports.limits import CLAIMS, FRAMES, NAME_CHARS, STACKS, TEXT_CHARS, TROUBLES
from outlive.imports.lines import Lines
from outlive.model.imported import Claim, Frame, Hidden, Loss, Report, Stack


class Draft:
    """The fields of a `Report`, to be filled. `whole` starts as False: only an end mark makes it True."""

    def __init__(self, file: str, format: str, tool: str, pid: int = 0) -> None:
        self.file, self.format, self.tool, self.pid = file, format, tool, pid
        self.version = self.command = ""
        self.whole = self.clean = False
        self.claims: list[Claim] = []
        self.hidden: list[Hidden] = []
        self._troubles: dict[str, None] = {}
        self._dropped = 0

    def claim(
        self,
        kind: str,
        stacks: Iterable[Stack] = (),
        *,
        resource: str = "native",
        loss: Loss | None = None,
        count: int = -1,
        bytes: int = -1,
        text: str = "",
        seen: bool = True,
    ) -> None:
        """Add a claim; beyond the limit it is counted only."""
        if len(self.claims) >= CLAIMS:
            self._dropped += 1
            return
        kept = tuple(stacks)[:STACKS]
        if any(one.cut for one in kept):
            self.trouble("stacks are cut: frames of them are missing, or beyond the limit")
        said = text[:TEXT_CHARS]
        self.claims.append(Claim(kind, resource, loss, count, bytes, kept, said, seen))

    def trouble(self, sentence: str) -> None:
        """Write down what is missing or doubtful; the same sentence once."""
        if len(self._troubles) < TROUBLES:
            self._troubles.setdefault(sentence[:TEXT_CHARS])

    def report(self) -> Report:
        """The report as it now stands. What did not fit makes it partial."""
        if self._dropped:
            self.whole = False
            self.trouble(f"further records are beyond the limit of {CLAIMS:,} and are not told: {self._dropped:,}")
        if not self.whole and not self._troubles:
            self.trouble("its end is missing: the report is cut, or the tool was stopped")
        return Report(
            file=self.file,
            format=self.format,
            tool=self.tool,
            claims=tuple(self.claims),
            version=named(self.version),
            command=self.command[:TEXT_CHARS],
            pid=self.pid,
            whole=self.whole,
            clean=self.clean and self.whole,
            troubles=tuple(self._troubles),
            hidden=tuple(self.hidden[:CLAIMS]),
        )


def with_trouble(report: Report, sentence: str) -> Report:
    """The report, with something that is missing from it."""
    return dataclasses.replace(report, whole=False, clean=False, troubles=(*report.troubles, sentence))


def below(report: Report, lines: Lines) -> Report:
    """The report, with what went wrong where its lines were read."""
    if lines.overfull:
        report = with_trouble(report, "the file is larger than what is read of one; the rest was not looked at")
    if lines.long_lines:
        cut = f"lines that were too long and are cut: {lines.long_lines:,}"
        report = dataclasses.replace(report, troubles=(*report.troubles, cut))
    return report


def named(text: str) -> str:
    """A name of bounded length."""
    return text if len(text) <= NAME_CHARS else text[:NAME_CHARS]


def stack(role: str, frames: Sequence[Frame], *, cut: bool = False) -> Stack:
    """A stack of bounded depth: the innermost calls stay."""
    return Stack(role, tuple(frames[:FRAMES]), cut or len(frames) > FRAMES)
