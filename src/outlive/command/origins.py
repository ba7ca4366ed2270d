"""Who asked for a block, over all looks and all processes of a command: one number for one mistake's origin.

The function that wanted the block and who called it, by name: the same in run after run, wherever the loader puts
things. How a stack becomes that is `explain.native`'s; here it is done once for each stack and remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from outlive.capture.blocks import BlockLook
from outlive.explain.native.asking import Asked, asked
from outlive.explain.native.whose import is_c_library, owner_of
from outlive.explain.native.wrappers import Function, Request, wrappers
from outlive.model.explanation import NativeFrame, Owner, OwnerKind
from outlive.model.native_blocks import PythonLine
from outlive.symbols import places
from outlive.symbols.allocators import is_allocator

Rows = npt.NDArray[np.intp]
_MOST_STACKS = 200  # named to find wrappers, in one look
_PAIR = 32


@dataclass(frozen=True)
class Origin:
    """`owner` is that of the code that asked. `in_program`: code of the program's own, or Python's, stands on the
    stack; else the loader or a library asked before main, or the stack is not known that far."""

    asked: Asked
    lines: tuple[PythonLine, ...]
    owner: Owner
    in_program: bool

    @property
    def name(self) -> str:
        return self.asked.what


class Origins:
    """Numbers for origins, given as they come. `program` is the command's executable."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._of_pair: dict[tuple[int, int], int] = {}
        self._wrappers: dict[str, frozenset[Function]] = {}
        self.all: list[Origin] = []

    def of_pair(self, look: BlockLook, pair: int) -> int:
        """The origin of a stack and a Python line, by their numbers: all looks at one process have the same."""
        key = look.facts["pid"], pair
        if key not in self._of_pair:
            self._of_pair[key] = self._number_of(look, pair >> _PAIR, pair & 0xFFFFFFFF)
        return self._of_pair[key]

    def knows(self, look: BlockLook, pair: int) -> int | None:
        """The same, if it was asked for before."""
        return self._of_pair.get((look.facts["pid"], pair))

    def of_row(self, look: BlockLook, row: int) -> int:
        return self.of_pair(look, int(pairs_of(look, np.array([row], dtype=np.intp))[0]))

    def _number_of(self, look: BlockLook, stack: int, site: int) -> int:
        lines = look.lines(site)
        who = asked(named(look, stack), lines, self._wrappers_of(look))
        number = self._numbers.setdefault(who.key, len(self.all))
        if number == len(self.all):
            owners = [owner_of(one.module, self._program) for one in who.frames]
            ours = bool(lines) or any(one.kind in (OwnerKind.YOURS, OwnerKind.LIBRARY) for one in owners)
            owner = owner_of(who.module, self._program) if who.line is None else Owner(OwnerKind.UNKNOWN)
            self.all.append(Origin(who, lines, owner, ours))
        return number

    def _wrappers_of(self, look: BlockLook) -> frozenset[Function]:
        """Of the first look at a program that is asked about: what an origin is called must not change on the way."""
        program = next((one.path for one in look.modules), "")
        if program not in self._wrappers:
            self._wrappers[program] = wrappers(_requests(look))
        return self._wrappers[program]


def pairs_of(look: BlockLook, rows: Rows) -> npt.NDArray[np.uint64]:
    """Stack and Python line of each row in one number."""
    return look.stack[rows].astype(np.uint64) << np.uint64(_PAIR) | look.site[rows].astype(np.uint64)


def _requests(look: BlockLook) -> Iterator[Request]:
    stacks, first = np.unique(look.stack, return_index=True)
    for stack, row in list(zip(stacks.tolist(), first.tolist()))[:_MOST_STACKS]:
        frames = named(look, stack)
        out = [one for one in frames if not is_allocator(one.function) and not is_c_library(one.module)]
        if out:
            yield Request(out[0], out[1] if len(out) > 1 else None, int(look.size[row]))


def named(look: BlockLook, stack: int) -> tuple[NativeFrame, ...]:
    """The native stack with names, innermost first, inlined calls too."""
    found: list[NativeFrame] = []
    for frame in look.frames(stack):
        if frame.module is None:
            found.append(NativeFrame("", frame.address))
        else:
            found += _frames(frame.module.path, frame.offset, frame.module.build_id)
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _frames(module: str, offset: int, build_id: str) -> tuple[NativeFrame, ...]:
    return places.frames(module, offset, build_id)
