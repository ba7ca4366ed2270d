"""Looks at native memory written down by hand: rows of blocks, and stacks of functions by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from outlive.explain.native.grouping import Blocks
from outlive.explain.native.looked import Process, Taken
from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import BlockClass, BlockKind, LookReason

PROGRAM = "/home/me/app/server"
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"
LIBUV = "/usr/lib/x86_64-linux-gnu/libuv.so.1.0.0"
LOST, UNDER, HELD = BlockClass.LOST, BlockClass.LOST_UNDER, BlockClass.HELD


def frame(function: str, module: str = PROGRAM, *, at: int = 0, certain: bool = True, file: str = "") -> NativeFrame:
    return NativeFrame(module, at or abs(hash(function)) % 10_000, function, certain, file)


def stack(*functions: str) -> tuple[NativeFrame, ...]:
    """ "malloc", "fopen" and "main" come from where they live; "uv_run" from libuv."""
    homes = {"malloc": LIBC, "calloc": LIBC, "fopen": LIBC, "strdup": LIBC}
    return tuple(frame(one, LIBUV if one.startswith("uv_") else homes.get(one, PROGRAM)) for one in functions)


@dataclass
class Look:
    """What the explaining reads of a look; `rows` are address, size, tick, class, stack, root, thread."""

    rows: list[tuple[int, int, int, BlockClass, int, int, int]]
    why: LookReason = LookReason.END
    threads: int = 1
    end_tick: int = 1000
    facts: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        columns = np.array(sorted(self.rows), dtype=np.uint64).reshape(-1, 7)
        self.address, self.size, self.tick, self.block_class, self.stack, self.root, self.thread = columns.T
        self.site = np.zeros(len(columns), np.uint64)
        self.kind = np.full(len(columns), BlockKind.MALLOC, np.uint64)
        self.facts = {"threads": self.threads, "tick": self.end_tick, "pid": 1}

    def lines(self, site: int) -> tuple[()]:
        return ()


def block(at: int, kind: BlockClass, of: int, *, tick: int = 0, size: int = 10, root: int = 0, thread: int = 1):
    return (at, size, tick or at, kind, of, root, thread)


def blocks(looks: list[Look], stacks: list[tuple[NativeFrame, ...]], *, before_end: bool = True) -> Blocks:
    """One process that was looked at once a second; stack number n is `stacks[n - 1]`."""
    takes = tuple(Taken(look, float(at), look.why is not LookReason.END) for at, look in enumerate(looks))  # type: ignore[arg-type]
    return Blocks(Process(1, PROGRAM, takes), lambda _, number: stacks[number - 1])
