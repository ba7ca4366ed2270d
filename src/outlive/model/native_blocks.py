"""What a look at native memory says: blocks that C code asked for, who holds them, and which nobody can free any more.

Knows the words and the figures; how they are written and read is `capture.blocks`, how they are found is
`native/preload/` (docs/explanation/native-blocks.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class BlockClass(IntEnum):
    """What the scan found out about a live block."""

    LOST = 0
    """No pointer to it can be come by: nobody can free it."""
    LOST_UNDER = 1
    """Only lost blocks point to it: it goes with one of them, its root."""
    POSSIBLE = 2
    """Only pointers into its middle can be come by: kept on purpose, or by accident."""
    HELD = 3


class HolderKind(IntEnum):
    """Where the word stands that holds a block."""

    NONE = 0
    GLOBAL = 1
    STACK = 2
    THREAD = 3
    """A thread-local variable, or the C library's own part of a thread."""
    MAPPING = 4
    """Anonymous memory that belongs to no allocator that we know."""
    PYTHON = 5
    """A block of Python's small-object allocator: an object, or memory of one."""
    BLOCK = 6
    UNRECORDED = 7
    """A part of the heap that the recorder has no block for."""
    POOL = 8
    """A pool of Python's allocator that could not be read."""


class BlockKind(IntEnum):
    """As what it was asked for: it must be given back as the same."""

    MALLOC = 1
    CALLOC = 2
    REALLOC = 3
    ALIGNED = 4
    NEW = 5
    NEW_ARRAY = 6
    MAPPING = 7


class LookReason(IntEnum):
    ASKED = 1
    END = 2
    SIGNAL = 3
    WRITTEN = 4


@dataclass(frozen=True)
class Module:
    """A program or library as it was loaded. `address - bias` is the address in the file."""

    start: int
    end: int
    bias: int
    path: str
    build_id: str
    """Hexadecimal; empty where the file has none."""


@dataclass(frozen=True)
class NativeFrame:
    """A return address, and where in which file it lies."""

    address: int
    module: Module | None

    @property
    def offset(self) -> int:
        """The address in the module's file; the address itself where it is in none."""
        return self.address if self.module is None else self.address - self.module.bias


@dataclass(frozen=True)
class PythonLine:
    line: int
    file: str
    function: str


@dataclass(frozen=True)
class LostBlocks:
    """Blocks lost alike: asked for by one native stack from one Python line, and found by nobody in two looks."""

    count: int
    bytes: int
    under_count: int
    """Blocks that only these hold."""
    under_bytes: int
    kind: BlockKind
    stack: tuple[NativeFrame, ...]
    """Innermost first."""
    lines: tuple[PythonLine, ...]
    """Innermost first; empty where no Python ran."""
    steps: tuple[int, ...]
    """The different steps in which they were asked for, rising."""
    threads: tuple[int, ...]
    addresses: tuple[int, ...]
    """Some of them, at most ten."""
    certain: bool
    """False: so few are lost that registers of other threads, which no look can read, might hold them."""


@dataclass(frozen=True)
class BlocksSeen:
    """How far the looks can be believed."""

    blocks: int
    bytes: int
    sampled_bytes: int
    """Mean bytes between two recorded blocks; 0: every block is recorded."""
    doubts: tuple[str, ...]
    """What was not seen, in sentences; each makes a finding missing rather than wrong."""
