"""talloc's full report: a tree of contexts, by indentation.

A context that is there when the report is written may be in use: *unfreed*, and no more. Its blocks are itself, its
children's and its references; a report whose numbers do not add up so is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outlive.imports.draft import Draft, below, named
from outlive.imports.figures import whole_number
from outlive.imports.limits import CLAIMS
from outlive.imports.lines import Lines
from outlive.model.imported import Frame, Loss, Report, Stack

HEAD = re.compile(r"^full talloc report on '(.*)' \(total +(\d+) bytes in +(\d+) blocks\)$")
_CONTEXT = re.compile(r"^( +)(\S.*?) +contains +(\d+) bytes in +(\d+) blocks \(ref \d+\) 0x[0-9a-f]+$")
_REFERENCE = re.compile(r"^( +)reference to: ")
_INDENT = 4
_DEEPEST = 200
_PLACE = re.compile(r"^(.*\.(?:c|cc|cpp|h)):(\d+)$")


@dataclass
class _Context:
    depth: int
    name: str
    bytes: int
    blocks: int
    path: tuple[str, ...]
    counted: int = 1  # itself
    children_bytes: int = 0


def read(file: str, lines: Lines) -> list[Report]:
    """A report for each tree."""
    reports: list[Report] = []
    tree: _Tree | None = None
    for line in lines:
        if found := HEAD.match(line):
            if tree is not None:
                reports.append(tree.end())
            tree = _Tree(file, found[1], whole_number(found[2]), whole_number(found[3]))
        elif tree is not None:
            tree.line(line)
    if tree is not None:
        reports.append(tree.end(lines))
    return reports


class _Tree:
    def __init__(self, file: str, name: str, size: int, blocks: int) -> None:
        self._draft = Draft(file, "talloc", "talloc")
        self._open = [_Context(0, name, size, blocks, (named(name),))]
        self._rows = 0
        self._sound = size >= 0 and blocks >= 0

    def line(self, text: str) -> None:
        if found := _CONTEXT.match(text):
            self._context(len(found[1]) // _INDENT, found[2], whole_number(found[3]), whole_number(found[4]))
        elif found := _REFERENCE.match(text):
            self._close(len(found[1]) // _INDENT)
            self._open[-1].counted += 1
        elif text.strip() and "is a memlimit context" not in text:
            self._sound = False

    def _context(self, depth: int, name: str, size: int, blocks: int) -> None:
        depth = min(max(depth, 1), _DEEPEST)
        self._close(depth)
        parent = self._open[-1]
        parent.counted += max(blocks, 0)
        parent.children_bytes += max(size, 0)
        self._open.append(_Context(depth, name, size, blocks, (*parent.path, named(name))))

    def _close(self, depth: int) -> None:
        while len(self._open) > 1 and self._open[-1].depth >= depth:
            self._done(self._open.pop())

    def _done(self, context: _Context) -> None:
        """Only a context's own block is claimed: its children have claims of their own."""
        if context.counted != context.blocks or context.children_bytes > context.bytes:
            self._sound = False
        self._rows += 1
        if self._rows > CLAIMS * 2:
            self._sound = False
            return
        own = context.bytes - context.children_bytes
        frames = tuple(_frame(one) for one in reversed(context.path))
        stacks = [Stack("allocated", frames[:64], len(frames) > 64)]
        self._draft.claim("leak", stacks, resource="talloc", loss=Loss.UNFREED, count=1, bytes=max(own, 0))

    def end(self, lines: Lines | None = None) -> Report:
        while len(self._open) > 1:
            self._done(self._open.pop())
        root = self._open[0]
        self._sound = self._sound and root.counted == root.blocks and root.children_bytes <= root.bytes
        self._draft.whole = self._sound and not (lines is not None and lines.ended_in_line)
        self._draft.clean = not self._draft.claims
        if not self._sound:
            self._draft.trouble("its contexts do not add up to their parents': some are missing")
        report = self._draft.report()
        return report if lines is None else below(report, lines)


def _frame(name: str) -> Frame:
    """A context's name says what it is; one named by its place says where it was made."""
    found = _PLACE.match(name.removeprefix("talloc_new: "))
    return Frame(name, file=found[1], line=max(whole_number(found[2]), 0)) if found else Frame(name)
