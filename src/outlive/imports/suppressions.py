"""Suppression files of Valgrind and of LeakSanitizer, and which finding one of them hides.

A suppression hides a finding here only where every part of it that can be checked matches; what a report does not say
(LeakSanitizer names no module of a call with symbols) matches nothing.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from functools import lru_cache

from outlive.imports.draft import named
from outlive.imports.limits import SUPPRESSIONS
from outlive.imports.lines import Lines
from outlive.model.imported import Frame, Loss, Stack

LSAN_LINE = re.compile(r"^leak:(\S.*)$")
_LOSS_WORDS = {
    "definite": Loss.DEFINITE,
    "indirect": Loss.INDIRECT,
    "possible": Loss.POSSIBLE,
    "reachable": Loss.REACHABLE,
}
_KINDS = {
    "Leak": "leak",
    "Free": "invalid-free double-free mismatched-deallocator",
    "Cond": "uninitialised",
    "Param": "uninitialised",
    "Overlap": "overlap",
    "FdBadClose": "fd-double-close",
    "FdNotClosed": "fd-not-closed",
    **{f"Value{size}": "uninitialised" for size in (0, 1, 2, 4, 8, 16, 32)},
    **{f"Addr{size}": "out-of-bounds use-after-free" for size in (0, 1, 2, 4, 8, 16, 32)},
}
_ANY = "..."
_MOST_STARS = 12


@dataclass(frozen=True)
class Suppression:
    """One entry. `calls` are patterns of consecutive calls, innermost first; empty for LeakSanitizer's `pattern`."""

    name: str
    kinds: frozenset[str] = frozenset({"leak"})
    losses: frozenset[Loss] = frozenset(Loss)
    calls: tuple[tuple[str, str], ...] = ()
    pattern: str = ""

    def hides(self, kind: str, loss: Loss | None, stack: Stack) -> bool:
        """Whether it means a claim of this kind with this stack, its allocator's frames included."""
        if kind not in self.kinds or (loss is not None and loss not in self.losses):
            return False
        if self.pattern:
            return any(
                _lsan(self.pattern, text) for one in stack.frames for text in (one.function, one.file, one.module)
            )
        return bool(self.calls) and _consecutive(self.calls, stack.frames)


@dataclass
class Suppressions:
    """What a file of suppressions says, and what of it was not understood."""

    file: str
    entries: list[Suppression] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def read(file: str, lines: Lines) -> Suppressions:
    """Both grammars, line by line; a block that is cut or of another tool is said, and hides nothing."""
    found = Suppressions(file)
    block: list[str] | None = None
    more = 0
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(found.entries) >= SUPPRESSIONS:
            more += 1
        elif text == "{":
            block = []
        elif text == "}" and block is not None:
            _take(found, block)
            block = None
        elif block is not None:
            if len(block) < 300:
                block.append(text)
        elif one := LSAN_LINE.match(text):
            found.entries.append(Suppression(named(text), pattern=named(one[1])))
    if block is not None:
        found.troubles.append("its last block is cut")
    if more:
        found.troubles.append(f"what comes after {SUPPRESSIONS:,} entries was not read")
    return found


def _take(found: Suppressions, block: list[str]) -> None:
    name, kinds = named(block[0]) if block else "", ""
    if len(block) > 1:
        tools, _, kind = block[1].partition(":")
        if "memcheck" in tools.lower().split(","):
            kinds = _KINDS.get(kind.strip(), "")
    if not kinds:
        found.troubles.append(f"the entry {name or '(unnamed)'} is of no kind that is known here")
        return
    losses, calls = frozenset(Loss), []
    for line in block[2:]:
        part, colon, rest = line.partition(":")
        if part == "match-leak-kinds":
            losses = _losses(rest)
        elif line == _ANY:
            calls.append((_ANY, ""))
        elif colon and part in ("fun", "obj", "src"):
            calls.append((part, named(rest.strip())))
    found.entries.append(Suppression(name, frozenset(kinds.split()), losses, tuple(calls[:64])))


def _losses(text: str) -> frozenset[Loss]:
    words = [one.strip() for one in text.split(",")]
    return frozenset(Loss) if "all" in words else frozenset(_LOSS_WORDS[one] for one in words if one in _LOSS_WORDS)


def _consecutive(calls: tuple[tuple[str, str], ...], frames: tuple[Frame, ...]) -> bool:
    """Whether the patterns match from the innermost frame on; `...` stands for any number of frames. By rows, so that
    many dots cost no more than patterns times frames."""
    reached = {0}
    for kind, pattern in calls:
        if kind == _ANY:
            reached = set(range(min(reached), len(frames) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(frames) and _matches(kind, pattern, frames[at])}
        if not reached:
            return False
    return True


def _matches(kind: str, pattern: str, frame: Frame) -> bool:
    if kind == "fun":
        return any(_glob(pattern, one) for one in {frame.function, frame.function.partition("(")[0]} if one)
    if kind == "obj":
        return bool(frame.module) and _glob(pattern, frame.module)
    file, _, line = pattern.rpartition(":")
    name = frame.file.rsplit("/", 1)[-1]
    return bool(name) and (_glob(pattern, name) or (_glob(file, name) and line == str(frame.line)))


def _lsan(pattern: str, text: str) -> bool:
    """A substring, with `*` for anything, `^` for the beginning and `$` for the end."""
    if not text:
        return False
    begin = "" if pattern.startswith("^") else "*"
    end = "" if pattern.endswith("$") else "*"
    inner = pattern.removeprefix("^").removesuffix("$").replace("[", "[[]").replace("?", "[?]")
    return _glob(f"{begin}{inner}{end}", text)


def _glob(pattern: str, text: str) -> bool:
    return pattern.count("*") <= _MOST_STARS and _compiled(pattern).match(text) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return re.compile(fnmatch.translate(pattern))
