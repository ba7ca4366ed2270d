"""A holder path as the chain of objects that explaining walks. Knows no states and no verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outlive.explain.asked import AskedHeap, AskedPath, AskedThread

# The kind of root that native code's references are.
NATIVE = "native"
# What differs between two runs of one program and says nothing about the mistake: addresses, line numbers, indices.
# Digits of identifiers stay: `cache_1` and `cache_2` are two mistakes.
_FLEETING = re.compile(r"0x[0-9a-fA-F]+|(?<=:)\d+|(?<=\[)-?\d+(?=\])")
_NUMBERED = re.compile(r"(?<=thread ')[^']*(?=')|(?<=task ')[^']*(?=')")


@dataclass(frozen=True)
class Link:
    """One object on a path and the reference that leads to it. `node` is the object."""

    node: int
    label: str
    pattern: str
    type: str
    what: str = ""


@dataclass(frozen=True)
class Chain:
    """The links from a root to an outliver. `root_kind` and `root` name where it begins; `thread` runs there."""

    links: tuple[Link, ...]
    root: str
    root_kind: str
    expression: str
    thread: AskedThread | None = None

    @property
    def last(self) -> Link:
        return self.links[-1]

    def expression_to(self, index: int) -> str:
        """How a person writes the object of link `index`.

        >>> links = (Link(1, "app", "app", "module"), Link(2, ".jobs", ".jobs", "builtins.list"))
        >>> Chain(links, "app", "module", "app.jobs").expression_to(1)
        'app.jobs'
        """
        labels = [link.label for link in self.links[: index + 1]]
        return "".join(f" {label}" if at and label.startswith("<") else label for at, label in enumerate(labels))


def chain_of(heap: AskedHeap, path: AskedPath) -> Chain:
    """The chain of a path, with the types and names of its objects."""
    links = tuple(
        Link(node, label, pattern, heap.type_name(node), heap.what(node)) for label, pattern, node in path.hops()
    )
    thread = heap.thread_at(path.root.node) if path.root.kind == "frame" else None
    return Chain(links, path.root.name, path.root.kind, path.expression, thread)


def shape(links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Patterns and types without what is fleeting; a run of equal links, as in a linked list, counts once.

    >>> one = Link(1, ".prev", ".prev", "app.Node")
    >>> shape([one, one, one])
    (('.prev', 'app.Node'),)
    """
    found: list[tuple[str, str]] = []
    for link in links:
        turn = (steady(link.pattern), link.type)
        if not found or found[-1] != turn:
            found.append(turn)
    return tuple(found)


def steady(text: str) -> str:
    """A text without addresses, line numbers, indices and the numbers in names of threads and tasks.

    >>> steady("thread 'worker-17' in app.run (app.py:30)")
    "thread 'worker-*' in app.run (app.py:*)"
    """
    return _FLEETING.sub("*", _NUMBERED.sub(lambda name: re.sub(r"\d+", "*", name[0]), text))


def unnumbered(name: str) -> str:
    """What a task or thread is called, without what numbers it; names of functions keep their digits.

    >>> unnumbered("Task-2 (app.serve_1)"), unnumbered("worker-3 in app.work"), unnumbered("app.serve_1")
    ('Task-* (app.serve_1)', 'worker-* in app.work', 'app.serve_1')
    """
    own = re.match(r"[^(]*(?= \()|.*?(?= in )|Task-\d+$|Thread-\d+$", name)
    return re.sub(r"\d+", "*", own[0]) + name[own.end() :] if own else name


def short(type_name: str) -> str:
    """A type as it is called in a sentence.

    >>> short("builtins.dict"), short("app.web.Session")
    ('dict', 'Session')
    """
    return type_name.removeprefix("builtins.").rsplit(".", 1)[-1]
