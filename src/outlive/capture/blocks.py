"""Reads a look at native memory: columns as numpy arrays, stacks, lines and modules by number.

Knows the file (docs/reference/blocks-format.md), written by native/preload/report.c into the container that snapshots
use; refuses to know what is a leak. What two looks say together is `capture.blocks_twice`. The file may come from
anywhere: every number that leads into another column is checked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from outlive.capture.container import Container, DamagedSnapshot, open_container
from outlive.model.native_blocks import BlocksSeen, LookReason, Module, NativeFrame, PythonLine

FORMAT = 1

Numbers = npt.NDArray[np.unsignedinteger[Any]]

_FACTS = (
    "format", "pid", "seconds", "why", "mode", "sample_bytes", "tick", "step", "not_seen", "not_forgotten",
    "lost_in_fork", "stacks_refused", "sites_refused", "limit_bytes", "own_bytes", "pause_us", "scan_us", "threads",
    "stacks_whole", "arenas", "pools_read", "pools_unreadable", "python_places", "unreadable_pages", "overlapping",
    "gaps_are_roots", "python_built_for", "python_here", "looker", "python_code", "registers_unread",
)  # fmt: skip

_PYTHON_CLASSES = 3
_MODULE_FIELDS, _SITE_FIELDS, _THREAD_FIELDS, _PYTHON_FIELDS = 5, 4, 3, 4


@dataclass(frozen=True)
class BlockLook:
    """One look. Rows of `address`, `size`, … are the live blocks, by rising address."""

    path: Path
    container: Container
    facts: dict[str, int]

    def _column(self, name: str) -> Numbers:
        return self.container.column(name)

    @property
    def why(self) -> LookReason:
        return LookReason(self.facts["why"])

    @cached_property
    def address(self) -> Numbers:
        return self._column("address")

    @cached_property
    def size(self) -> Numbers:
        return self._column("size")

    @cached_property
    def tick(self) -> Numbers:
        """With `address` the identity of a block: an address alone is used again."""
        return self._column("tick")

    @cached_property
    def step(self) -> Numbers:
        return self._column("step")

    @cached_property
    def kind(self) -> Numbers:
        """`BlockKind`."""
        return self._column("kind")

    @cached_property
    def thread(self) -> Numbers:
        return self._column("thread")

    @cached_property
    def stack(self) -> Numbers:
        """Number for `frames`; 0: not known."""
        return self._column("stack")

    @cached_property
    def site(self) -> Numbers:
        """Number for `lines`; 0: no Python ran, or not known."""
        return self._column("site")

    @cached_property
    def block_class(self) -> Numbers:
        """`BlockClass`."""
        return self._column("class")

    @cached_property
    def holder_kind(self) -> Numbers:
        """`HolderKind`."""
        return self._column("holder_kind")

    @cached_property
    def holder(self) -> Numbers:
        """The address of the word that holds it, 0 for none: in an object, a block, a global, a stack."""
        return self._column("holder")

    @cached_property
    def root(self) -> Numbers:
        """The address of the lost block or Python place under which it is lost; else 0."""
        return self._column("root")

    @cached_property
    def python_rows(self) -> Numbers:
        """Live places of Python's allocator that nobody holds: address, bytes, `BlockClass`, root."""
        return self._column("python_rows").reshape(-1, _PYTHON_FIELDS)

    @cached_property
    def thread_rows(self) -> Numbers:
        """Thread, its stack pointer, whether only what is above that was read of its stack."""
        return self._column("thread_rows").reshape(-1, _THREAD_FIELDS)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """By rising address."""
        rows = self._column("module_rows").reshape(-1, _MODULE_FIELDS).tolist()
        text, ids = self._column("module_text").tobytes(), self._column("module_ids").tobytes()
        found, path_from, id_from = [], 0, 0
        for start, end, bias, path_to, id_to in rows:
            path = text[path_from:path_to].decode("utf-8", "replace")
            found.append(Module(start, end, bias, path, ids[id_from:id_to].hex()))
            path_from, id_from = path_to, id_to
        return tuple(found)

    @cached_property
    def _module_starts(self) -> npt.NDArray[np.uint64]:
        return np.array([module.start for module in self.modules], dtype=np.uint64)

    def module_at(self, address: int) -> Module | None:
        at = int(np.searchsorted(self._module_starts, np.uint64(address), side="right")) - 1
        return self.modules[at] if at >= 0 and address < self.modules[at].end else None

    def frames(self, stack: int) -> tuple[NativeFrame, ...]:
        """The native stack of this number, innermost first; () for 0."""
        if stack == 0:
            return ()
        ends = self._column("stack_ends")
        addresses = self._column("stack_frames")[int(ends[stack - 1]) : int(ends[stack])].tolist()
        frames = (NativeFrame(address, self.module_at(address)) for address in addresses)
        return tuple(frame for frame in frames if not _is_ours(frame.module))

    def callers_outside_python(self, stack: int) -> tuple[int, ...]:
        """The return addresses from the innermost out to the interpreter's first, that one included.

        Further out one line of Python has many native stacks: the interpreter rewrites its instructions as it learns.
        """
        python = self.module_at(self.facts["python_code"])
        found: list[int] = []
        for frame in self.frames(stack):
            if python is not None and frame.module is python:
                return (*found, python.start)
            found.append(frame.address)
        return tuple(found)

    def lines(self, site: int) -> tuple[PythonLine, ...]:
        """The Python lines of this number, innermost first; () for 0."""
        rows, found = self._site_rows, []
        while site:
            line, file, function, parent = (int(value) for value in rows[site])
            found.append(PythonLine(line, self._site_texts[file], self._site_texts[function]))
            if parent >= site:
                raise DamagedSnapshot(f"{self.path}: a caller stands after what it called")
            site = parent
        return tuple(found)

    @cached_property
    def _site_rows(self) -> Numbers:
        return self._column("site_rows").reshape(-1, _SITE_FIELDS)

    @cached_property
    def _site_texts(self) -> tuple[str, ...]:
        blob, texts, begin = self._column("site_text_bytes").tobytes(), [], 0
        for end in self._column("site_text_ends").tolist():
            texts.append(blob[begin:end].decode("utf-8", "replace"))
            begin = end
        return tuple(texts)

    @cached_property
    def seen(self) -> BlocksSeen:
        size = int(self.size.sum())
        return BlocksSeen(len(self.address), size, self.facts["sample_bytes"], tuple(_doubts(self.facts)))


def load_blocks(path: str | os.PathLike[str]) -> BlockLook:
    """Open a look. Raises DamagedSnapshot where it is none, or not whole; OSError where it cannot be read."""
    container = open_container(path)
    if "block_facts" not in container.names:
        raise DamagedSnapshot(f"{path}: not a look at native memory", why="it has no column of such facts")
    values = container.column("block_facts").tolist()
    if len(values) < len(_FACTS) or values[0] != FORMAT:
        raise DamagedSnapshot(f"{path}: written by another version", why=f"its format is {values[:1]}, ours {FORMAT}")
    look = BlockLook(Path(path), container, dict(zip(_FACTS, values)))
    _check(look)
    return look


def _is_ours(module: Module | None) -> bool:
    """The recorder stands before `main` and operator new, and is nobody's caller."""
    return module is not None and module.path.endswith("/outlive/_blocks.so")


def _check(look: BlockLook) -> None:
    """Every number leads to something."""
    rows = len(look.address)
    columns = (look.size, look.tick, look.step, look.kind, look.thread, look.stack, look.site)
    verdicts = (look.block_class, look.holder_kind, look.holder, look.root)
    ends, frames = look.container.column("stack_ends"), look.container.column("stack_frames")
    texts, text_ends = look.container.column("site_text_bytes"), look.container.column("site_text_ends")
    sound = all(len(column) == rows for column in columns + verdicts) and (
        _rises_to(ends, len(frames))
        and _rises_to(text_ends, len(texts))
        and _below(look.stack, len(ends))
        and _below(look.site, len(look._site_rows))
        and _below(look.block_class, _PYTHON_CLASSES + 1)
        and _below(look._site_rows[1:, 1:3], len(text_ends))
        and bool(np.all(look.address[:-1] < look.address[1:]))
    )
    if not sound:
        raise DamagedSnapshot(f"{look.path}: a column does not fit the others")


def _rises_to(ends: Numbers, limit: int) -> bool:
    return bool(np.all(ends[:-1] <= ends[1:])) and (len(ends) == 0 or int(ends[-1]) <= limit)


def _below(numbers: Numbers, limit: int) -> bool:
    return numbers.size == 0 or int(numbers.max()) < limit


def _doubts(facts: dict[str, int]) -> list[str]:
    said = (
        (facts["not_seen"], "{} blocks were not recorded, for want of room"),
        (facts["not_forgotten"], "{} frees were not recorded"),
        (facts["lost_in_fork"], "{} blocks were given up when the process forked"),
        (facts["stacks_whole"], "of {} threads all of the stack was read, with what is dead in it"),
        (facts["pools_unreadable"], "{} pools of Python's allocator could not be read and hold what they point to"),
        (facts["unreadable_pages"], "{} pages could not be read"),
        (facts["stacks_refused"] + facts["sites_refused"], "of {} blocks it is not known who asked for them"),
    )
    return [sentence.format(count) for count, sentence in said if count]
