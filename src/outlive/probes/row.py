"""A frozen row of named values, for what probes return and declare.

A dataclass would be the natural choice, and is the choice everywhere else. But `dataclasses` imports `inspect`, and
with it `ast`, `dis`, `re`, `enum` and `tokenize`: some eight milliseconds and thousands of objects inside a program
whose objects we have come to count. This does the same for three lines a class.
"""

from __future__ import annotations


class Row:
    """Subclasses name their values in `__slots__`, in the order that their `__init__` hands to `_fill`."""

    __slots__: tuple[str, ...] = ()

    def _fill(self, *values: object) -> None:
        for name, value in zip(self.__slots__, values):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: cannot set {name!r}")

    def as_dict(self) -> dict[str, object]:
        """The values by name, ready for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and type(other) is type(self) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__slots__)))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).__name__}({values})"
