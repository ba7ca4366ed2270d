"""References that objects hide from the collector: which words in their memory hold one. Knows counts, runs nothing.

A snapshot tells words that stand in the memory of objects of C, C++ and Rust and are addresses of objects. A word may
hold a reference; it may as well be borrowed, stale, or a number. Theory of operation:

  - A reference that is held is counted. So the object that a word is the address of must count a reference that nothing
    in the heap explains, and each word explains at most one.
  - What one place of a type is, it is in all its instances: a place *holds* when nearly every object that its words
    are addresses of has a reference to spare. A borrowed pointer (child to parent, cursor to connection) leads to
    objects whose references are all explained, in most instances at least, and is not believed in any.

What is believed so is weaker than a reference that a traversal shows: a borrowed word beside a lost reference looks
the same. Whoever tells of it says "most likely".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.heap.graph import Graph
from outlive.heap.graph import Numbers as Unsigned
from outlive.heap.rows import Rows

Numbers = npt.NDArray[np.int64]

IN_THE_OBJECT = -1
# Of the words at a place, so many must lead to an object with a reference to spare.
_HOLDS_SHARE = 0.9
# What a block held before it was this one's may still stand there: a single word there proves nothing.
_FEWEST_IN_BLOCKS = 3
# Words in blocks beyond so many are taken for the elements of one array, which is one place.
_FIELDS_OF_A_BLOCK = 32
_WIDTH = 4


@dataclass(frozen=True)
class HiddenReference:
    """`place` is the byte of `source` where it stands, or where the pointer to the block stands; `in_block` the byte
    there, or IN_THE_OBJECT."""

    source: int
    target: int
    place: int
    in_block: int


class Hidden:
    """The hidden references of a heap, each believed by the rules above."""

    def __init__(self, rows: Rows, unexplained: Numbers) -> None:
        self._rows = rows
        self._unexplained = unexplained

    def __len__(self) -> int:
        return len(self._believed)

    def into(self, node: int) -> list[HiddenReference]:
        """Who hides a reference to it."""
        return [_told(row) for row in self._believed[self._believed[:, 1] == node].tolist()]

    def out_of(self, node: int) -> list[HiddenReference]:
        """What it holds and does not show."""
        return [_told(row) for row in self._believed[self._believed[:, 0] == node].tolist()]

    @cached_property
    def counts(self) -> Numbers:
        """By node: how many of its references are hidden ones."""
        return np.bincount(self._believed[:, 1], minlength=len(self._rows)).astype(np.int64)

    @cached_property
    def unexplained(self) -> Numbers:
        """By node: references that are counted and that neither an object shows nor memory of one accounts for."""
        left: Numbers = self._unexplained - self.counts
        return left

    def beside(self, edge_start: Unsigned, targets: Unsigned) -> Graph:
        """The heap's graph with the hidden references in it, each behind those that its object shows."""
        order = np.argsort(self._believed[:, 0], kind="stable")
        sources, hidden = self._believed[order, 0], self._believed[order, 1]
        more = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=len(edge_start) - 1))])
        starts = edge_start.astype(np.uint64) + more.astype(np.uint64)
        ends = edge_start[sources + 1].astype(np.int64)
        return Graph(starts, np.insert(targets, ends, hidden.astype(targets.dtype)))

    @cached_property
    def _believed(self) -> Numbers:
        words = self._rows.snapshot.hidden_words.astype(np.int64)
        return self._each_once(self._at_holding_places(words) if len(words) else words)

    def _at_holding_places(self, words: Numbers) -> Numbers:
        places = self._places(words)
        _, which, together = np.unique(np.stack([places, words[:, 1]]), axis=1, return_inverse=True, return_counts=True)
        spare = together[which.reshape(-1)] <= self._unexplained[words[:, 1]]
        of_place = np.bincount(places)
        holds = np.bincount(places, weights=spare) >= _HOLDS_SHARE * of_place
        in_blocks = np.bincount(places, weights=words[:, 3] != 0) > 0
        holds &= ~in_blocks | (of_place >= _FEWEST_IN_BLOCKS)
        found: Numbers = words[spare & holds[places]]
        return found

    def _places(self, words: Numbers) -> Numbers:
        """A number for each (type, place, field of a block)."""
        types = self._rows.snapshot.column("type")[words[:, 0]].astype(np.int64)
        fields = np.minimum((words[:, 3] + 7) // 8, _FIELDS_OF_A_BLOCK)
        keys = np.stack([types, words[:, 2], fields])
        numbers: Numbers = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
        return numbers

    def _each_once(self, words: Numbers) -> Numbers:
        """As many words for an object as it has references to spare; those in objects themselves first."""
        order = np.lexsort((words[:, 3], words[:, 3] != 0, words[:, 1]))
        words = words[order]
        first = np.searchsorted(words[:, 1], words[:, 1], side="left")
        found: Numbers = words[np.arange(len(words)) - first < self._unexplained[words[:, 1]]]
        return found


def _told(row: list[int]) -> HiddenReference:
    source, target, place, in_block = row
    return HiddenReference(source, target, place, in_block - 1)
