"""What an object is, beyond its type's own name: the classes that its type derives from, and its native state."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap


def plain(type_name: str) -> str:
    """A type's name without the module that says nothing.

    >>> plain("builtins.dict")
    'dict'
    """
    return type_name.removeprefix("builtins.")


def kinds_of(heap: AskedHeap, node: int) -> tuple[str, ...]:
    """The plain names of an object's class and of its bases, nearest first."""
    return tuple(plain(name) for name in heap.kinds(node))


def is_class(heap: AskedHeap, node: int) -> bool:
    """Whether the object is itself a class."""
    return "type" in kinds_of(heap, node)


def native_word(heap: AskedHeap, node: int) -> str:
    """What native code knows of an object's state, in a word: "closed", "finished", "done" … ; "" where it does not."""
    state = heap.state(node)
    return "" if state is None else str(state.name).lower()


def says(heap: AskedHeap, node: int, name: str) -> str | None:
    """The text of an attribute: "True", "None", "3"; None when it is absent or has no text kept."""
    value = heap.attribute(node, name)
    return heap.text(value) if value else None
