"""Lives: a test from its first fixture to its last, and a fixture of wider scope from its making to its end.

Each has a number, which the context of everything done in it carries (`carrying`). What was made in a life and must
end is kept here as a `Thing` until it is gone. Nothing here holds such an object: a thing knows it weakly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from outlive.lifetimes import scopes

_DEEPEST = 100
_MAKERS = ("thread", "executor", "task")  # what goes on making things after its life is over
_FIRST_NUMBER = 1 << 20  # beyond those that the program's own scopes take, which count from 1


@dataclass(eq=False)
class Thing:
    """Something that must end. `kind` is one of `telling.KINDS`; `where` is where it was made, or what it runs.

    `alive` asks whether it is still there and open. `refer` gives its Python object or None; `loop` the loop it is
    bound to. `final`: seen at the very end of its loop, so that nothing can end it any more. `descriptors` are those
    that it is, or that it owns. `maker` is the life that made it, where another one keeps it now.
    `once`: the place that it was made for, where that is known without asking.
    """

    kind: str
    what: str
    where: str
    alive: Callable[[], bool]
    refer: Callable[[], Any] = lambda: None
    loop: Callable[[], Any] = lambda: None
    number: int = 0
    final: bool = False
    held: str = ""
    descriptors: frozenset[int] = frozenset()
    maker: Life | None = None
    once: str = ""

    @property
    def left(self) -> bool:
        return self.final or self.alive()


@dataclass(eq=False)
class Life:
    """A test or a wide fixture. `name` is what people call it; `allow` names the kinds that may outlive it."""

    number: int
    name: str
    kind: str
    location: tuple[str, int | None, str] = ("", None, "")
    allow: frozenset[str] = frozenset()
    module: str = ""
    things: dict[Any, Thing] = field(default_factory=dict)
    body_over: bool = False
    over: bool = False

    def left(self) -> list[Thing]:
        """What is still there; what is gone is forgotten."""
        for key in [key for key, thing in self.things.items() if not thing.left]:
            del self.things[key]
        return list(self.things.values())

    def keep_only(self, things: list[Thing]) -> None:
        """Forget the others: they are judged."""
        self.things = {key: thing for key, thing in self.things.items() if thing in things}


class Book:
    """All lives that run, and those that ended and left things that are not judged yet."""

    def __init__(self) -> None:
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._lives: dict[int, Life] = {}

    def open(self, name: str, kind: str, **more: Any) -> Life:
        life = Life(next(self._numbers), name, kind, **more)
        self._lives[life.number] = life
        return life

    def of(self, number: int) -> Life | None:
        """The life with this number, or the one in which the program's own scope of this number was entered."""
        for _ in range(_DEEPEST):
            if number >= _FIRST_NUMBER or number <= 0:
                break
            number = next((row["parent"] for row in scopes.scope_rows() if row["number"] == number), 0)
        return self._lives.get(number)

    def lend(self, thing: Thing, life: Life, number: int) -> None:
        """A wide fixture keeps what `life` made: it is judged when the fixture ends."""
        keeper = self._lives.get(number)
        if keeper is not None:
            thing.maker = thing.maker or life
            keeper.things.setdefault(("lent", id(thing)), thing)

    def close(self, life: Life) -> None:
        """Judged: nothing more is written on it."""
        life.things.clear()
        self._lives.pop(life.number, None)

    def __iter__(self) -> Iterator[Life]:
        return iter(list(self._lives.values()))

    def alone(self, life: Life) -> Life | None:
        """This life, if nobody else could have made what has no stamp; None if that is not sure."""
        others = [one for one in self._lives.values() if one is not life]
        if life.kind == "test" and any(one.kind == "test" and not one.over for one in others):
            return None
        busy = any(thing.kind in _MAKERS or not one.over for one in others for thing in one.things.values())
        return None if busy else life
