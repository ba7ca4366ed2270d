"""Which native blocks accumulate although somebody holds them: who asked for them, and who holds them.

Growth of what is kept accuses nobody: caches fill. This only explains memory that the judge has found growing. Of three
looks at one process, the bytes of one origin must rise in both intervals at about the same rate.

Who holds a block is where the word stands that leads to it: in a Python object, in a variable of a library, on a
stack. A block that hangs on another block is followed to that one's holder, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outlive.capture.blocks import BlockLook
from outlive.capture.stamps import FIRST_STEP
from outlive.explain.lost_blocks import BETWEEN
from outlive.explain.native_origin import Origin, Origins
from outlive.heap.heap import Heap
from outlive.model.native_blocks import BlockClass, HolderKind

Variable = Callable[[str, int], str]
"""From a module's path and an address as its file counts them to the variable that lies there, "" for none."""

# Both intervals' rates are alike where the lesser is so much of the greater.
_ALIKE = 0.5
# How many blocks of an origin are asked for their holder, and how far a chain of blocks is followed.
_SAMPLE, _LONGEST_CHAIN = 16, 4096
_OF_ONE_HOLDER = 0.6

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Holder:
    """`node`: of the heap, for what a Python object holds. `name`: the variable and the file it lies in."""

    kind: HolderKind
    name: str = ""
    node: int = 0


@dataclass(frozen=True)
class KeptPile:
    """Blocks of one origin that become more, or larger, with the steps. `nodes`: the Python objects that hold some.

    `holder` is where most of those looked at hang; its kind is NONE where they do not agree. `mapped`: memory that
    was taken from the system, page by page, and who holds that is not asked.
    """

    origin: Origin
    count_per_step: float
    bytes_per_step: float
    size: float
    seen: int
    holder: Holder
    nodes: tuple[int, ...] = ()
    mapped: bool = False


@dataclass(frozen=True)
class _Growth:
    """Of one origin: per step, and what the last look has of it; `pairs` are its stacks and lines."""

    origin: Origin
    count_per_step: float
    bytes_per_step: float
    size: float
    pairs: tuple[int, ...]


def kept_piles(
    looks: Sequence[BlockLook], steps: Sequence[int], origins: Origins, heap: Heap, variable: Variable
) -> tuple[KeptPile, ...]:
    """Most bytes first. `origins` are those of the last look, `heap` a snapshot taken at the same time."""
    followed = _Holders(looks[-1], heap, variable)
    found = []
    for one in _growing([_sums(look) for look in looks], steps, origins):
        members = _rows_of(looks[-1], one.pairs)
        holder, nodes = _most(followed.of(members))
        found.append(
            KeptPile(one.origin, one.count_per_step, one.bytes_per_step, one.size, len(members), holder, nodes)
        )
    return tuple(found)


def mapped_piles(looks: Sequence[BlockLook], steps: Sequence[int], origins: Origins) -> tuple[KeptPile, ...]:
    """The same of anonymous memory that was mapped in steps and not unmapped."""
    growing = _growing([_mapped_sums(look) for look in looks], steps, origins)
    nobody = Holder(HolderKind.NONE)
    return tuple(
        KeptPile(one.origin, one.count_per_step, one.bytes_per_step, one.size, 0, nobody, mapped=True)
        for one in growing
    )


def _growing(sums: Sequence[Sequence[tuple[int, int, int]]], steps: Sequence[int], origins: Origins) -> list[_Growth]:
    """The origins whose bytes rise in each interval alike, most first."""
    totals: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    known: dict[tuple[str, ...], tuple[Origin, list[int]]] = {}
    for at, rows_of_look in enumerate(sums):
        for pair, count, size in rows_of_look:
            origin = origins.of(pair >> 32, pair & 0xFFFFFFFF)
            if origin.ours:
                continue
            row = totals.setdefault(origin.mistake, [(0.0, 0.0)] * len(sums))
            row[at] = (row[at][0] + count, row[at][1] + size)
            known.setdefault(origin.mistake, (origin, []))[1].append(pair)
    found = []
    for mistake, rows in totals.items():
        in_bytes = _rate([size for _, size in rows], steps)
        if in_bytes > 0:
            origin, pairs = known[mistake]
            in_blocks = max(0.0, (rows[-1][0] - rows[0][0]) / (steps[-1] - steps[0]))
            each = rows[-1][1] / max(1.0, rows[-1][0])
            found.append(_Growth(origin, in_blocks, in_bytes, each, tuple(pairs)))
    return sorted(found, key=lambda one: -one.bytes_per_step)


def _mapped_sums(look: BlockLook) -> list[tuple[int, int, int]]:
    column = look.container.column
    born, stack, line, size = (column(f"mapping_{name}") for name in ("step", "stack", "site", "size"))
    found: dict[int, tuple[int, int]] = {}
    for row in np.flatnonzero((born >= FIRST_STEP) & (born != BETWEEN)).tolist():
        pair = int(stack[row]) << 32 | int(line[row])
        count, total = found.get(pair, (0, 0))
        found[pair] = (count + 1, total + int(size[row]))
    return [(pair, count, total) for pair, (count, total) in found.items()]


def _sums(look: BlockLook) -> list[tuple[int, int, int]]:
    """(stack and line, blocks, bytes) of what was made in steps and is not lost."""
    rows = np.flatnonzero(_counts(look))
    pairs, places = np.unique(_pairs(look)[rows], return_inverse=True)
    counts = np.bincount(places, minlength=len(pairs))
    sizes = np.bincount(places, weights=look.size[rows].astype(np.float64), minlength=len(pairs))
    return [(int(pair), int(count), int(size)) for pair, count, size in zip(pairs, counts, sizes)]


def _counts(look: BlockLook) -> npt.NDArray[np.bool_]:
    in_steps = (look.step >= FIRST_STEP) & (look.step != BETWEEN)
    return np.asarray(in_steps & (look.block_class >= BlockClass.POSSIBLE))


def _pairs(look: BlockLook) -> npt.NDArray[np.uint64]:
    return (look.stack.astype(np.uint64) << np.uint64(32)) | look.site.astype(np.uint64)


def _rate(values: Sequence[float], steps: Sequence[int]) -> float:
    """Per step, where it rises alike in each interval; else 0."""
    rates = [(b - a) / (to - begin) for a, b, begin, to in zip(values, values[1:], steps, steps[1:])]
    if min(rates) <= 0 or min(rates) < _ALIKE * max(rates):
        return 0.0
    return (values[-1] - values[0]) / (steps[-1] - steps[0])


def _rows_of(look: BlockLook, pairs: Sequence[int]) -> Ints:
    return np.flatnonzero(_counts(look) & np.isin(_pairs(look), np.array(sorted(set(pairs)), dtype=np.uint64)))


def _most(holders: Sequence[Holder]) -> tuple[Holder, tuple[int, ...]]:
    """Where most hang: Python objects are counted together, for each may hold its own."""
    counted = Counter((one.kind, one.name) for one in holders)
    if not counted:
        return Holder(HolderKind.NONE), ()
    (kind, name), count = counted.most_common(1)[0]
    if count < _OF_ONE_HOLDER * len(holders):
        return Holder(HolderKind.NONE), ()
    nodes = tuple(dict.fromkeys(one.node for one in holders if one.kind is kind and one.node))
    return Holder(kind, name, nodes[0] if nodes else 0), nodes


class _Holders:
    """Follows blocks to what holds them."""

    def __init__(self, look: BlockLook, heap: Heap, variable: Variable) -> None:
        self._look = look
        self._variable = variable
        start = heap.snapshot.column("address").astype(np.uint64)
        order = np.argsort(start, kind="stable")
        self._nodes, self._starts = order, start[order]
        self._ends = self._starts + heap.sizes[order].astype(np.uint64)

    def of(self, rows: Ints) -> list[Holder]:
        chosen = rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]
        return [self._of(int(row)) for row in chosen]

    def _of(self, row: int) -> Holder:
        look = self._look
        seen: set[int] = set()
        for _ in range(_LONGEST_CHAIN):
            node = self._object_at(int(look.address[row]), int(look.size[row]))
            if node and seen:
                return Holder(HolderKind.PYTHON, "", node)
            seen.add(row)
            kind, word = HolderKind(int(look.holder_kind[row])), int(look.holder[row])
            if kind is HolderKind.PYTHON:
                return Holder(kind, "", self._node_around(word))
            if kind is not HolderKind.BLOCK:
                return Holder(kind, self._name(word) if kind is HolderKind.GLOBAL else "")
            if node := self._node_around(word):
                return Holder(HolderKind.PYTHON, "", node)
            row = int(np.searchsorted(look.address, np.uint64(word), side="right")) - 1
            if row < 0 or row in seen:
                break
        return Holder(HolderKind.NONE)

    def _object_at(self, address: int, size: int) -> int:
        """The Python object that lies in this block: behind the collector's header, if anything."""
        at = int(np.searchsorted(self._starts, np.uint64(address), side="left"))
        inside = at < len(self._starts) and int(self._starts[at]) < address + min(size, 64)
        return int(self._nodes[at]) if inside else 0

    def _node_around(self, word: int) -> int:
        """The Python object that this word is a part of; 0 for memory of one that is not its own."""
        at = int(np.searchsorted(self._starts, np.uint64(word), side="right")) - 1
        return int(self._nodes[at]) if at >= 0 and word < int(self._ends[at]) else 0

    def _name(self, word: int) -> str:
        module = self._look.module_at(word)
        if module is None:
            return ""
        name = self._variable(module.path, word - module.bias)
        file = module.path.rpartition("/")[2]
        return f"{name} of {file}" if name else f"a variable of {file}"
