"""Who holds the blocks of one origin in one look, in words: a global variable, a stack, a Python object.

Some of the blocks are followed from holder to holder until one stands in a root. Blocks of other origins on the way are
named; a list whose nodes hold each other is one step on it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from outlive.capture.blocks import BlockLook
from outlive.command.origins import Origins, Rows
from outlive.model.native_blocks import HolderKind
from outlive.symbols.variables import variable

_FOLLOWED = 20
_MOST_HOPS = 200_000  # over all that are followed
_PLACES = {
    HolderKind.STACK: "a function's own variable, on a stack",
    HolderKind.THREAD: "a thread-local variable",
    HolderKind.MAPPING: "memory that was mapped directly",
    HolderKind.PYTHON: "a Python object",
    HolderKind.UNRECORDED: "memory that was there before the recorder",
    HolderKind.POOL: "memory of Python's that could not be read",
}


@dataclass(frozen=True)
class Held:
    """`words` is "" where nobody is known. `through`: numbers of the origins whose blocks stand in between."""

    words: str
    through: tuple[int, ...]


def held_by(look: BlockLook, rows: Rows, origin: int, origins: Origins) -> Held:
    """Where most of the newest of these blocks are held."""
    newest = rows[np.argsort(look.tick[rows])[-_FOLLOWED:]]
    budget, found = _MOST_HOPS, Counter[tuple[str, tuple[int, ...]]]()
    for row in newest.tolist():
        at, through, seen = row, [], set()
        while budget > 0 and int(look.holder_kind[at]) == HolderKind.BLOCK and at not in seen:
            seen.add(at)
            budget -= 1
            inside = _row_of(look, int(look.holder[at]))
            if inside is None:
                break
            at = inside
            number = origins.of_row(look, at)
            if number != origin and number not in through:
                through.append(number)
        found[(_place(look, at), tuple(through))] += 1
    (words, through_most), _ = found.most_common(1)[0] if found else (("", ()), 0)
    return Held(words, through_most)


def _row_of(look: BlockLook, address: int) -> int | None:
    """The block that this word stands in."""
    at = int(np.searchsorted(look.address, np.uint64(address), side="right")) - 1
    return at if at >= 0 and address < int(look.address[at]) + max(int(look.size[at]), 1) else None


def _place(look: BlockLook, row: int) -> str:
    kind, word = HolderKind(int(look.holder_kind[row])), int(look.holder[row])
    if kind is not HolderKind.GLOBAL:
        return _PLACES.get(kind, "")
    module = look.module_at(word)
    if module is None:
        return "a global variable"
    name = variable(module.path, word - module.bias)
    file = module.path.rpartition("/")[2]
    return f"the global variable {name} of {file}" if name else f"a global variable of {file} that has no name"
