"""One row of a snapshot at a time: what it refers to, of which type it is, which label codes its references carry.

Knows the columns of docs/reference/snapshot-format.md. Refuses to know what a label means to a person (`labels`).
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot, TypeRow

# Layouts, see native/graph/columns.h.
SEQUENCE, PAIRS, SPLIT_DICT, ELEMENTS, PLAIN, CODE, PAIRS_PLAIN, PLAIN_SEQUENCE = 2, 3, 4, 5, 6, 7, 8, 9
KEYS, INTERPRETER, THREAD, FRAME = 32, 33, 34, 35

# Label codes, see native/graph/columns.h.
SLOT, DICT, OUTSIDE, CACHE_KEY, CACHE_VALUE, TYPE, EXTRA, UNKNOWN, ATTRIBUTE = (
    0x4000, 0x7FF9, 0x7FFA, 0x7FFB, 0x7FFC, 0x7FFD, 0x7FFE, 0x7FFF, 0x8000,
)  # fmt: skip
_SLOT_MOST = 0x0FFF
_BIAS = 8

# Type flags that CPython promises: subclass of …
LIST_KIND, TUPLE_KIND, DICT_KIND, EXCEPTION_KIND, TYPE_KIND = 1 << 25, 1 << 26, 1 << 29, 1 << 30, 1 << 31

# Offsets in PyTypeObject, the same since 2.2: tp_dict, tp_mro.
_TYPE_DICT, _TYPE_MRO = 264, 344

IMMORTAL: Final = 0xFFFFFFFF
_LABEL_BLOCK: Final = 4096
_CODES_KEPT: Final = 4096


def offset_of(code: int) -> int | None:
    """The byte in the object that the label `code` means; None when it means something else."""
    return (code - _BIAS) * 8 if code < SLOT else None


def slot_of(code: int) -> int | None:
    """The slot of a frame that the label `code` means; None when it means something else."""
    return code - SLOT if SLOT <= code <= SLOT + _SLOT_MOST else None


class Rows:
    """The columns of a snapshot by row. All answers are plain ints; 0 is "nothing"."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._starts = snapshot.column("edge_start")
        self._targets = snapshot.column("targets")
        self._type = snapshot.column("type")
        self._layout = snapshot.column("layout")
        self._members_of: dict[int, dict[int, str]] = {}
        self._codes_of: dict[int, list[int]] = {}
        self._class_names: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._layout)

    def targets(self, node: int) -> list[int]:
        """What the node refers to, by position. For one of many: `target`, `positions`."""
        targets: list[int] = self._targets[int(self._starts[node]) : int(self._starts[node + 1])].tolist()
        return targets

    def degree(self, node: int) -> int:
        """How many references it has, empty slots included."""
        return int(self._starts[node + 1]) - int(self._starts[node])

    def target(self, node: int, position: int) -> int:
        return int(self._targets[int(self._starts[node]) + position])

    def positions(self, node: int, target: int) -> list[int]:
        """Where among its references those to `target` stand. Quick for containers of millions, too."""
        here = self._targets[int(self._starts[node]) : int(self._starts[node + 1])]
        found: list[int] = np.flatnonzero(here == target).tolist()
        return found

    def layout(self, node: int) -> int:
        return int(self._layout[node])

    def type_node(self, node: int) -> int:
        return int(self._type[node])

    def type_row(self, node: int) -> TypeRow | None:
        return self.snapshot.types.get(int(self._type[node]))

    def type_name(self, node: int) -> str:
        row = self.type_row(node)
        return row.name if row is not None else ""

    def is_kind(self, node: int, flag: int) -> bool:
        """Is it an instance of list, tuple, dict, BaseException or type, or of a subclass?"""
        row = self.type_row(node)
        return row is not None and bool(row.flags & flag)

    def text(self, node: int) -> str | None:
        return self.snapshot.texts.get(node)

    # ---- labels ----------------------------------------------------------------------------------------------------

    def codes(self, node: int) -> list[int]:
        """Label codes of the first references of `node`, as many as there are labelled ones. Not for changing."""
        known = self._codes_of.get(node)
        if known is None:
            if len(self._codes_of) >= _CODES_KEPT:
                self._codes_of.clear()
            known = self._codes_of[node] = self._read_codes(node)
        return known

    def _read_codes(self, node: int) -> list[int]:
        count = self._labelled(node)
        if count == 0:
            return []
        block = node // _LABEL_BLOCK
        first = int(self._label_starts[block])
        first += int(self._labelled_counts(block * _LABEL_BLOCK, node).sum())
        codes: list[int] = self.snapshot.column("labels")[first : first + count].tolist()
        return codes

    def _labelled(self, node: int) -> int:
        return int(self._labelled_counts(node, node + 1)[0])

    def _labelled_counts(self, first: int, end: int) -> npt.NDArray[np.int64]:
        """How many labels stand in the column for each of these rows."""
        layout = self._layout[first:end]
        starts = self._starts[first : end + 1].astype(np.int64)
        counts = np.where(_HAS_LABELS[layout], starts[1:] - starts[:-1], 0)
        for place in np.flatnonzero((layout == PAIRS_PLAIN) | (layout == PLAIN_SEQUENCE)).tolist():
            counts[place] = self.pairs_start.get(first + place, 0)
        return counts

    @cached_property
    def pairs_start(self) -> dict[int, int]:
        """Of subclasses of containers: how many labelled references come before the pairs or elements."""
        rows = self.snapshot.column("pairs_start").reshape(-1, 2)
        return dict(zip(rows[:, 0].tolist(), rows[:, 1].tolist()))

    @cached_property
    def _label_starts(self) -> npt.NDArray[np.int64]:
        """Where the labels of each block of rows begin: a start for each row would cost 8 bytes an object."""
        sums = [
            int(self._labelled_counts(first, min(first + _LABEL_BLOCK, len(self))).sum())
            for first in range(0, len(self), _LABEL_BLOCK)
        ]
        return np.concatenate([[0], np.cumsum(sums, dtype=np.int64)])

    def target_at(self, node: int, offset: int) -> int:
        """What the pointer at this byte of the object refers to; 0 when the snapshot shows none."""
        wanted = offset // 8 + _BIAS
        for code, target in zip(self.codes(node), self.targets(node)):
            if code == wanted:
                return target
        return 0

    def referent(self, node: int) -> int:
        """What a living weak reference is of; 0 for anything else. It is no reference of the graph."""
        return self.snapshot.weakly_referred.get(node, 0)

    # ---- types -----------------------------------------------------------------------------------------------------

    def type_dict(self, type_node: int) -> int:
        return self.target_at(type_node, _TYPE_DICT)

    def mro(self, type_node: int) -> list[int]:
        """The type and its bases, in the order in which attributes are looked up."""
        order = self.target_at(type_node, _TYPE_MRO)
        return self.targets(order) if order else [type_node]

    def is_subclass(self, type_node: int, names: frozenset[str]) -> bool:
        """Is one of the types of these names among its bases?"""
        return any(self.class_name(base) in names for base in [type_node, *self.mro(type_node)])

    def class_name(self, node: int) -> str:
        """ "app.Session": also of a class that has no instances of its own; "" for what is no class."""
        row = self.snapshot.types.get(node)
        if row is not None:
            return row.name
        known = self._class_names.get(node)
        if known is None:
            known = self._class_names[node] = self._read_class_name(node)
        return known

    def _read_class_name(self, node: int) -> str:
        members = self.members(self.type_node(node))
        place = next((offset for offset, name in members.items() if name == "__qualname__"), None)
        name = self.text(self.target_at(node, place)) if place is not None else None
        pairs = self.targets(self.type_dict(node)) if name else []
        module = next((self.text(v) for k, v in zip(pairs[::2], pairs[1::2]) if self.text(k) == "__module__"), None)
        return f"{module}.{name}" if name and module and module != "builtins" else name or ""

    def shared_keys(self, type_node: int) -> list[int]:
        """The keys that instances of the type share for their attributes."""
        for target in self.targets(type_node):
            if self.layout(target) == KEYS:
                return self.targets(target)
        return []

    def members(self, type_node: int) -> dict[int, str]:
        """Names of what stands at a byte of an instance, the bases' included."""
        known = self._members_of.get(type_node)
        if known is None:
            known = {}
            for base in reversed(self.mro(type_node)):
                known.update(self.snapshot.members.get(base, {}))
            known.update(self.snapshot.members.get(type_node, {}))
            self._members_of[type_node] = known
        return known

    def root_names(self) -> list[str]:
        return self._root_names

    @cached_property
    def _root_names(self) -> list[str]:
        return self.snapshot._texts("root_name", len(self.snapshot.column("root_name_ends")))


_HAS_LABELS = np.zeros(256, dtype=bool)
_HAS_LABELS[[PLAIN, INTERPRETER, THREAD]] = True
