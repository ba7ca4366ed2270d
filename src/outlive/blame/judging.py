"""What of a life is left, after everything that could end by itself has ended; and what of that is its own.

Looks twice: cheaply, and again after settling if anything was there. Where a loop runs in this thread it cannot be
turned here: the life stays open ("waiting") and is judged when its loop ends, or when all tests are over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outlive.blame import kept, loop_things, loops
from outlive.blame.census import Census
from outlive.blame.lives import Book, Life, Thing
from outlive.blame.telling import KINDS

# Bound to a loop: they are the life's own even where one place keeps them, for a loop ends and they do not.
_BOUND = ("task", "timer", "generator")
_ASKED = 3
_DESCRIPTORS = ("fd", "file", "socket")
_OWNERS = ("transport", "child")


@dataclass(frozen=True)
class Judged:
    """`blamed`: its own. `shared`: made once, for everybody. `harness`: kept by pytest or by a failure's traceback.

    `unsure`: descriptors without a Python object. Who keeps those cannot be asked, and pytest lets go of a test's
    values only later: they are looked at again when all tests are over.
    """

    blamed: list[Thing] = field(default_factory=list)
    shared: list[Thing] = field(default_factory=list)
    harness: list[Thing] = field(default_factory=list)
    unsure: list[Thing] = field(default_factory=list)


class Judge:
    """Judges lives, one after the other."""

    def __init__(self, book: Book, test_modules: frozenset[str] = frozenset()) -> None:
        self._book = book
        self.census = Census(book)
        self.test_modules = test_modules

    def judge(self, life: Life) -> Judged | None:
        """What it left; None: a loop runs here, so it cannot be told yet."""
        self.census.look(self._book.alone(life))
        left = _not_allowed(life)
        if left and loops.running_here() is not None:
            return None
        return self._confirm(life, left)

    def judge_late(self, life: Life) -> Judged:
        """The same once all tests are over: whatever loop runs now, it is not one of theirs."""
        self.census.look()
        return self._confirm(life, _not_allowed(life), late=True)

    def _confirm(self, life: Life, left: list[Thing], *, late: bool = False) -> Judged:
        """Settle, look again, and part what is its own from what is not."""
        judged = Judged()
        if not left:
            return judged
        if not all(thing.final for thing in left):
            loops.settle(loop_things.open_loops(), left)
        for thing, answer in self._answers(_without_parts(_not_allowed(life))):
            unsure = not late and thing.kind in _DESCRIPTORS and thing.refer() is None
            getattr(judged, "unsure" if unsure else answer).append(thing)
        return judged

    def loop_ends(self, loop: Any) -> None:
        """What is bound to this loop and pending is final, once the loop has been turned."""
        self.census.look_at_loops(iter([loop]))
        bound = [(life, thing) for life in self._book for thing in life.left() if thing.loop() is loop]
        if not bound:
            return
        loops.settle([loop], ())
        for _, thing in bound:
            if thing.left and not thing.final:
                thing.final = self._answer(thing) == "blamed"

    def _answers(self, things: list[Thing]) -> Iterator[tuple[Thing, str]]:
        """Whose each is. Things of one kind made at one place are one mistake: a few of them are asked for all."""
        asked: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for thing in things:
            known = asked.setdefault((thing.kind, thing.where), [])
            if len(known) < _ASKED or not thing.where:
                known.append((self._answer(thing), thing.held))
                yield thing, known[-1][0]
            else:
                yield thing, known[0][0]

    def _answer(self, thing: Thing) -> str:
        """ "blamed", "shared" or "harness". What the system alone keeps, or a loop that is gone, is the life's own."""
        owner = thing.refer()
        if owner is None or thing.final:
            return "blamed"
        found = kept.keeper(owner, self.test_modules)
        bound = thing.kind in _BOUND
        if found.answer == kept.HARNESS and not bound and thing.kind != "thread":
            thing.held = f"kept by {found.words}"
            return "harness"
        if found.answer == kept.SHARED and not bound:
            thing.held = f"kept for all in {found.words}"
            return "shared"
        if found.answer != kept.NOBODY and thing.kind != "timer":
            thing.held = f"held by {found.words}"
        return "blamed"


def _not_allowed(life: Life) -> list[Thing]:
    return [thing for thing in life.left() if KINDS[thing.kind].word not in life.allow]


def _without_parts(things: list[Thing]) -> list[Thing]:
    """A transport's socket and a child's pipes are not told beside them."""
    owned = {number for thing in things if thing.kind in _OWNERS for number in thing.descriptors}
    return [thing for thing in things if thing.kind in _OWNERS or not (thing.descriptors & owned)]
