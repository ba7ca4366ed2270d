"""A heap in a file: taken with `take`, read with `load`. Knows what the columns mean; analyses nothing.

facts, columns and names come straight from the mapped file; `check` proves them consistent, so that no later
reader has to fear an index that points nowhere.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from outlive import _core
from outlive.capture import stamps
from outlive.capture.container import Column, Container, DamagedSnapshot, open_container, write_compressed

# The order of the `facts` column; native/binding/snapshot.c writes it.
_FACTS = (
    "python_version_hex", "pid", "taken_at", "nodes", "edges", "tracked", "refused", "impossible", "broken_links",
    "counted", "exact", "more", "fewer", "pause_us",
)  # fmt: skip
# How many columns of figures stand in type_rows, in frame_rows, and in member_rows and pairs_start.
_TYPE_ROW, _QUAD, _TRIPLE, _PAIR = 6, 4, 3, 2


class NativeState(IntEnum):
    """What state an object of a C type was in. The numbers are those of native/walk/states.h."""

    PENDING = 1
    DONE = 2  # future or task: with a result or an exception
    CANCELLED = 3
    CANCEL_REQUESTED = 4  # task: asked to cancel, still pending
    CREATED = 5  # generator, coroutine: never started
    SUSPENDED = 6
    RUNNING = 7
    FINISHED = 8  # generator, coroutine, frame
    OPEN = 9
    CLOSED = 10
    DETACHED = 11  # buffer or text file whose file was taken away
    UNLOCKED = 12
    LOCKED = 13
    ALIVE = 14  # weak reference: what it is of lives
    DEAD = 15
    RELEASED = 16  # memoryview
    EXHAUSTED = 17  # iterator that has let go of what it iterated
    USED = 18  # context variable's token that was reset


# Columns of rows that begin with a node's number, and how wide they are.
_ROWS_OF_NODES = {
    "large_sizes": _PAIR, "pairs_start": _PAIR, "member_rows": _PAIR, "type_rows": _TYPE_ROW, "state_rows": _PAIR,
    "code_lines": _PAIR, "frame_rows": _TRIPLE, "weak_rows": _PAIR, "wait_rows": _PAIR, "hidden_rows": _QUAD,
}  # fmt: skip


@dataclass(frozen=True)
class SelfCheck:
    """What a snapshot says of its own quality. `fewer` above 0 means that it shows references which do not exist."""

    nodes: int
    edges: int
    tracked: int
    counted: int
    exact: int
    more: int
    fewer: int
    refused: int
    impossible: int
    broken_links: int
    pause_seconds: float

    @property
    def explained_share(self) -> float:
        """The share of objects each of whose references was found, of those whose count means something."""
        return self.exact / self.counted if self.counted else 1.0

    def __str__(self) -> str:
        lists = "whole" if not self.broken_links else f"{self.broken_links:,} broken links"
        return (
            f"{self.nodes:,} objects, {self.edges:,} references in {self.pause_seconds * 1000:,.1f} ms; "
            f"{self.explained_share:.2%} of reference counts explained exactly, {self.more:,} objects held from "
            f"elsewhere, {self.fewer:,} false references; {self.refused:,} traversals refused; collector lists {lists}"
        )


def take(path: str | os.PathLike[str], *, compress: bool = False) -> SelfCheck:
    """Write a snapshot of this process' heap to `path` (0600), replacing what was there only when it is complete.

    All threads stand still for `pause_seconds`; no Python code runs and no object is touched. `compress=True` needs
    the extra `outlive[zstd]`. Raises OSError, MemoryError.

    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check = take(os.path.join(folder, "heap.outlive"))
    >>> check.fewer
    0
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        facts = _core.snapshot(os.fsencode(partial))
        if compress:
            partial = _compressed(partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return _self_check_of(cast("Mapping[str, float]", facts))


def _compressed(partial: Path) -> Path:
    smaller = partial.with_suffix(".zstd")
    try:
        write_compressed(open_container(partial), smaller)
    except BaseException:
        smaller.unlink(missing_ok=True)
        raise
    finally:
        partial.unlink()
    return smaller


def _self_check_of(facts: Mapping[str, float]) -> SelfCheck:
    names = SelfCheck.__dataclass_fields__
    return SelfCheck(**{name: facts[name] for name in names})  # type: ignore[arg-type]


@dataclass(frozen=True)
class TypeRow:
    """One type as the snapshot saw it; sizes and offsets in bytes, of its instances."""

    node: int
    name: str
    flags: int
    basic_bytes: int
    item_bytes: int
    dict_offset: int


class Snapshot:
    """A loaded snapshot: columns by node number, and names. Keep it open while its arrays are in use."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.path = container.path

    def column(self, name: str) -> Column:
        return self.container.column(name)

    @cached_property
    def facts(self) -> dict[str, int]:
        values = self.column("facts")
        if len(values) < len(_FACTS):
            raise DamagedSnapshot(f"{self.path}: the facts are incomplete")
        return dict(zip(_FACTS, values.tolist()))

    @property
    def self_check(self) -> SelfCheck:
        return _self_check_of({**self.facts, "nodes": len(self) - 1, "pause_seconds": self.facts["pause_us"] / 1e6})

    @property
    def python_version(self) -> str:
        number = self.facts["python_version_hex"]
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}"

    def __len__(self) -> int:
        """Rows, row 0 ("nothing") included."""
        return len(self.column("address"))

    @cached_property
    def types(self) -> dict[int, TypeRow]:
        """Types by node number."""
        rows = self._rows("type_rows", _TYPE_ROW)
        names = self._texts("type_name", len(rows))
        signed = rows.astype(np.int32)
        return {
            int(row[0]): TypeRow(int(row[0]), name, int(row[1]), int(row[2]), int(row[3]), int(offsets[4]))
            for row, offsets, name in zip(rows, signed, names)
        }

    @cached_property
    def texts(self) -> dict[int, str]:
        """Short texts of the strings and numbers that name something, by node number."""
        nodes = self.column("text_nodes")
        return dict(zip(nodes.tolist(), self._texts("text", len(nodes))))

    @cached_property
    def stamps(self) -> stamps.Stamps | None:
        """When and where each object was made; None where no stamps were kept."""
        if not stamps.has_stamps(self.container):
            return None
        texts = self._texts("site_text", len(self.column("site_text_ends")))
        return stamps.Stamps(self.container, self.column("type"), texts)

    @cached_property
    def states(self) -> dict[int, NativeState]:
        """States of objects of C types, by node number. One without a row is in no known state."""
        known = {int(state): state for state in NativeState}
        return {node: known[code] for node, code in self._pairs("state_rows") if code in known}

    @cached_property
    def first_lines(self) -> dict[int, int]:
        """The first line of each code object and function, by node number."""
        return dict(self._pairs("code_lines"))

    @cached_property
    def frames(self) -> dict[int, tuple[int, int]]:
        """(node of the code, line where it stands) of each frame, generator and coroutine that is not finished."""
        if "frame_rows" not in self.container.names:
            return {}
        return {node: (code, line) for node, code, line in self._rows("frame_rows", _TRIPLE).tolist()}

    @cached_property
    def weakly_referred(self) -> dict[int, int]:
        """What each living weak reference is of, by the reference's node number. No edges of the graph."""
        return dict(self._pairs("weak_rows"))

    @cached_property
    def waits(self) -> dict[int, int]:
        """The lock that a thread waits for without a time limit, by the thread's node number."""
        return dict(self._pairs("wait_rows"))

    @cached_property
    def hidden_words(self) -> Column:
        """Words in memory of objects that are addresses of objects and that no traversal shows: rows of node, node,
        byte of the object, and 0, or 1 + byte of the block that this leads to."""
        if "hidden_rows" not in self.container.names:
            return np.empty((0, _QUAD), np.uint32)
        return self._rows("hidden_rows", _QUAD)

    @property
    def blocks_were_read(self) -> bool:
        """Whether memory beyond the objects themselves could be looked at for such words."""
        return bool(self._hidden_facts) and not self._hidden_facts[3]

    @property
    def memory_left_out(self) -> bool:
        """Whether there was more of such memory than is looked at."""
        return bool(self._hidden_facts) and self._hidden_facts[2] > 0

    @cached_property
    def _hidden_facts(self) -> list[int]:
        """Objects read, blocks read, what was left out, whether no block could be read; empty before format 1.4."""
        facts: list[int] = self.column("hidden_facts").tolist() if "hidden_facts" in self.container.names else []
        return facts if len(facts) >= 4 else []

    @cached_property
    def members(self) -> dict[int, dict[int, str]]:
        """The names of each type's fields by byte offset, by the type's node number; its bases' fields included.

        A name in <> is no attribute: it says what the C struct keeps there.
        """
        rows = self._rows("member_rows", _PAIR)
        found: dict[int, dict[int, str]] = {}
        for node, offset, name in zip(
            rows[:, 0].tolist(), rows[:, 1].astype(np.int32).tolist(), self._texts("member_name", len(rows))
        ):
            found.setdefault(node, {}).setdefault(offset, name)
        return found

    @cached_property
    def code_parts(self) -> list[str]:
        """What the references of a code object (layout 7) are called, in their order."""
        if "code_part_ends" not in self.container.names:
            return []
        return self._texts("code_part", len(self.column("code_part_ends")))

    def _pairs(self, name: str) -> list[tuple[int, int]]:
        if name not in self.container.names:
            return []
        rows = self._rows(name, _PAIR)
        return list(zip(rows[:, 0].tolist(), rows[:, 1].tolist()))

    def counts_by_type(self) -> dict[str, tuple[int, int]]:
        """(objects, bytes) of each type's name."""
        type_column = self.column("type")
        sizes = self.sizes()
        count = np.bincount(type_column, minlength=len(self))
        total = np.bincount(type_column, weights=sizes, minlength=len(self))
        found: dict[str, tuple[int, int]] = {}
        for node, row in self.types.items():
            objects, size = found.get(row.name, (0, 0))
            found[row.name] = (objects + int(count[node]), size + int(total[node]))
        return found

    def sizes(self) -> npt.NDArray[np.uint64]:
        """Bytes by node number, the very large ones included."""
        sizes = self.column("size").astype(np.uint64)
        for node, size in self._rows("large_sizes", _PAIR).tolist():
            sizes[node & 0xFFFFFFFF] = size
        return sizes

    def _rows(self, name: str, width: int) -> Column:
        column = self.column(name)
        if len(column) % width:
            raise DamagedSnapshot(f"{self.path}: column {name!r} is not whole rows")
        return column.reshape(-1, width)

    def _texts(self, name: str, count: int) -> list[str]:
        blob = self.column(f"{name}_bytes").tobytes()
        ends = self.column(f"{name}_ends").astype(np.int64)
        if len(ends) < count or (len(ends) and (ends[-1] > len(blob) or np.any(np.diff(ends) < 0) or ends[0] < 0)):
            raise DamagedSnapshot(f"{self.path}: the texts {name!r} are damaged")
        starts = np.concatenate([[0], ends[:-1]]).tolist() if len(ends) else []
        return [blob[a:b].decode("utf-8", "replace") for a, b in zip(starts, ends.tolist())]

    def check(self) -> None:
        """Prove that no number in the file points outside it. Raises DamagedSnapshot."""
        nodes = len(self)
        starts = self.column("edge_start")
        per_node = ("type", "refcount", "size", "layout")
        if nodes == 0 or len(starts) != nodes + 1 or any(len(self.column(name)) != nodes for name in per_node):
            raise DamagedSnapshot(f"{self.path}: the columns are not of one length")
        if int(starts[0]) != 0 or int(starts[-1]) != len(self.column("targets")) or np.any(starts[1:] < starts[:-1]):
            raise DamagedSnapshot(f"{self.path}: the references are not in order")
        for name in ("targets", "type", "text_nodes"):
            column = self.column(name)
            if len(column) and int(column.max()) >= nodes:
                raise DamagedSnapshot(f"{self.path}: column {name!r} points outside the snapshot")
        if stamps.has_stamps(self.container):
            stamps.check(self.container, nodes, len(self.column("site_text_ends")))
        for name, width in _ROWS_OF_NODES.items():
            if name not in self.container.names:
                continue  # written since format 1.1, waits since 1.3, hidden words since 1.4
            rows = self._rows(name, width)
            if len(rows) and int((rows[:, 0] & 0xFFFFFFFF).max()) >= nodes:
                raise DamagedSnapshot(f"{self.path}: column {name!r} points outside the snapshot")
        for name in ("frame_rows", "weak_rows", "wait_rows", "hidden_rows"):
            if name in self.container.names:
                second = self._rows(name, _ROWS_OF_NODES[name])[:, 1]
                if len(second) and int(second.max()) >= nodes:
                    raise DamagedSnapshot(f"{self.path}: column {name!r} points outside the snapshot")


def load(path: str | os.PathLike[str]) -> Snapshot:
    """Open a snapshot and check it. Raises DamagedSnapshot, or OSError when the file cannot be read.

    Reads each column once; the arrays stay views of the mapped file.
    """
    snapshot = Snapshot(open_container(path))
    snapshot.check()
    _ = snapshot.facts, snapshot.types, snapshot.texts
    return snapshot
