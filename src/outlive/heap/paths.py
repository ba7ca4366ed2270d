"""A holder path: the references from a root to an object, and how a person writes them.

`app.sessions['u42'].callbacks[3].__self__`. Knows one path; finding it is `routes`' and `holders`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from outlive.heap.folding import Trail, fold
from outlive.heap.labels import LabelKind, Reference
from outlive.heap.roots import Root, RootKind


@dataclass(frozen=True)
class Step:
    """One hop of a written path: how its references are written together, and to which node they lead.

    `references` is empty for a root that is a hop of its own.
    """

    label: str
    pattern: str
    node: int
    kind: LabelKind
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class HolderPath:
    """From `root` to the last node; `references[i]` leads from `nodes[i]` to `nodes[i + 1]`."""

    root: Root
    nodes: tuple[int, ...]
    references: tuple[Reference, ...]
    trail: Trail

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The hops. The first is the root, with the global's name where the root is a module."""
        place = 0
        root = self.root
        first = Step(root.name, root.pattern, root.node, LabelKind.ROOT)
        if root.kind is RootKind.MODULE and self.references:
            label, place = fold(self.trail, 0)
            gap = " " if label.text.startswith("<") else ""
            first = Step(
                root.name + gap + label.text, root.pattern + gap + label.pattern, self.nodes[place], label.kind,
                self.references[:place],
            )  # fmt: skip
        steps = [first]
        while place < len(self.references):
            label, length = fold(self.trail, place)
            taken = self.references[place : place + length]
            steps.append(Step(label.text, label.pattern, self.nodes[place + length], label.kind, taken))
            place += length
        return tuple(steps)

    def hops(self) -> tuple[tuple[str, str, int], ...]:
        """(label, pattern, node) of each step."""
        return tuple((step.label, step.pattern, step.node) for step in self.steps)

    @property
    def expression(self) -> str:
        """The whole path in one line."""
        return "".join(
            f" {one.label}" if number and one.label[0] == "<" else one.label for number, one in enumerate(self.steps)
        )

    @property
    def pattern(self) -> str:
        """The whole path without what differs from run to run."""
        return "".join(one.pattern for one in self.steps)

    @property
    def unnamed(self) -> bool:
        """Is there a reference on it whose place nobody could name?"""
        return any(step.kind is LabelKind.UNKNOWN for step in self.steps)
