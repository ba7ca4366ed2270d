"""What of a life is left, after everything that could end by itself has ended; and what of that is its own.

Looks twice: cheaply, and again after settling if anything was there. Where a loop runs in this thread it cannot be
turned here: the life stays open ("waiting") and is judged when its loop ends, or when all tests are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from outlive.blame import births, loop_things, loops
from outlive.blame.asking import Asking
from outlive.blame.census import Census
from outlive.blame.keeper import FIXTURE, HARNESS, HELD, NOBODY, SHARED, Keeper
from outlive.blame.lives import Book, Life, Thing
from outlive.blame.telling import KINDS

# Bound to a loop: they are the life's own even where one place keeps them, for a loop ends and they do not; unless the
# loop lives on, too.
_BOUND = ("task", "timer", "generator")
_ASKED = 3
_DESCRIPTORS = ("fd", "file", "socket")
_OWNERS = ("transport", "child")


@dataclass(frozen=True)
class Judged:
    """`blamed`: its own. `shared`: made once, for everybody. `harness`: kept by pytest or by a failure's traceback.

    `lent`: kept by a wide fixture that still lives, by its number. `of_makers`: what it had of others that keep it by
    themselves. `unsure`: descriptors without a Python object. Who keeps those cannot be asked, and pytest lets go of a
    test's values only later: they are looked at again when all tests are over.
    """

    blamed: list[Thing] = field(default_factory=list)
    shared: list[Thing] = field(default_factory=list)
    harness: list[Thing] = field(default_factory=list)
    unsure: list[Thing] = field(default_factory=list)
    lent: list[tuple[Thing, int]] = field(default_factory=list)
    of_makers: list[Thing] = field(default_factory=list)


class Judge:
    """Judges lives, one after the other."""

    def __init__(self, book: Book, asking: Asking) -> None:
        self._book = book
        self._asking = asking
        self.census = Census(book)

    def judge(self, life: Life) -> Judged | None:
        """What it left; None: a loop runs here, so it cannot be told yet."""
        self.census.look(self._book.alone(life))
        left = _not_allowed(life)
        if left and loops.running_here() is not None:
            return None
        _settle(left)
        return self._parted([life])[life.number]

    def judge_late(self, lives: Sequence[Life]) -> dict[int, Judged]:
        """The same once all tests are over: whatever loop runs now, it is not one of theirs."""
        self.census.look()
        _settle([thing for life in lives for thing in _not_allowed(life)])
        return self._parted(lives, late=True)

    def _parted(self, lives: Sequence[Life], *, late: bool = False) -> dict[int, Judged]:
        """What is there now, and whose it is; all lives are asked of one snapshot."""
        left = {life.number: _without_parts(_not_allowed(life)) for life in lives}
        keepers = self._keepers((life, thing) for life in lives for thing in left[life.number])
        return {life.number: self._part(life, left[life.number], keepers, late=late) for life in lives}

    def _part(self, life: Life, things: list[Thing], keepers: dict[int, Keeper], *, late: bool) -> Judged:
        judged = Judged()
        for thing in things:
            keeper = keepers[id(thing)]
            answer = self._answer(thing, keeper)
            if not late and thing.kind in _DESCRIPTORS and thing.refer() is None:
                judged.unsure.append(thing)
            elif answer == "lent":
                judged.lent.append((thing, keeper.fixture))
            elif thing.maker is not None and answer == "blamed" and (keeper.answer == HELD or _by_test_itself(thing)):
                judged.of_makers.append(thing)
            else:
                getattr(judged, answer).append(thing)
        return judged

    def loop_ends(self, loop: Any) -> None:
        """What is bound to this loop and pending is final, once the loop has been turned."""
        self.census.look_at_loops(iter([loop]))
        bound = [(life, thing) for life in self._book for thing in life.left() if thing.loop() is loop]
        if not bound:
            return
        loops.settle([loop], ())
        pending = [(life, thing) for life, thing in bound if thing.left and not thing.final]
        keepers = self._keepers(pending)
        for _, thing in pending:
            thing.final = self._answer(thing, keepers[id(thing)]) == "blamed"

    def _keepers(self, things: Iterable[tuple[Life, Thing]]) -> dict[int, Keeper]:
        """Who keeps each. Things of one kind made at one place in one life are one mistake: a few are asked for all."""
        groups: dict[tuple[Any, ...], list[tuple[Life, Thing]]] = {}
        for life, thing in things:
            alike = (thing.kind, thing.where, life.number) if thing.where else (id(thing),)
            groups.setdefault(alike, []).append((life, thing))
        asked = [row for rows in groups.values() for row in rows[:_ASKED]]
        found = self._asking.keepers(
            [
                (None if thing.final or thing.once else thing.refer(), (thing.maker or life).number)
                for life, thing in asked
            ]
        )
        keepers = {id(thing): keeper for (_, thing), keeper in zip(asked, found)}
        for rows in groups.values():
            keepers.update((id(thing), keepers[id(rows[0][1])]) for _, thing in rows[_ASKED:])
        return keepers

    def _answer(self, thing: Thing, keeper: Keeper) -> str:
        """ "blamed", "shared", "harness" or "lent". What the system alone keeps, or a loop that is gone, is its own."""
        if thing.final or thing.refer() is None:
            return "blamed"
        if thing.once:
            thing.held = f"kept for all by {thing.once}"
            return "shared"
        bound = thing.kind in _BOUND and not self._lives_on(thing.loop())
        if keeper.answer == FIXTURE and not bound:
            return "lent"
        if keeper.answer == HARNESS and thing.kind not in (*_BOUND, "thread"):
            thing.held = f"kept by {keeper.words}"
            return "harness"
        if keeper.answer == SHARED and not bound:
            thing.held = f"kept for all in {keeper.words}"
            return "shared"
        if keeper.answer not in (NOBODY, HARNESS) and keeper.words:
            thing.held = _held(keeper)
        return "blamed"

    def _lives_on(self, loop: Any) -> bool:
        """Whether a loop is there for more than the test: a wide fixture made it, or it was there before any test."""
        if loop is None or loop.is_closed():
            return False
        birth = births.of(loop)
        life = self._book.of(birth.scope) if birth is not None else None
        return births.known() and (life.kind == "fixture" if life is not None else not birth or not birth.scope)


def _held(keeper: Keeper) -> str:
    also = f", also by {' and '.join(keeper.also)}" if keeper.also else ""
    searched = f" (found by a short search, which sees less: {keeper.searched})" if keeper.searched else ""
    return f"held by {keeper.words}{also}{searched}"


def _by_test_itself(thing: Thing) -> bool:
    """Whether a line of the test's own function made it, and no code that the fixture brings."""
    test = thing.maker.location[2].partition("[")[0].rpartition(".")[2] if thing.maker is not None else ""
    return bool(test) and test in thing.where.rpartition(" in ")[2].split(".")


def _settle(left: list[Thing]) -> None:
    """Let what can end come to its end: turn its loops and those of the tests, wait for threads, collect."""
    if left and not all(thing.final for thing in left):
        loops.settle(loop_things.to_turn(thing.loop() for thing in left), left)


def _not_allowed(life: Life) -> list[Thing]:
    return [thing for thing in life.left() if KINDS[thing.kind].word not in _allowed(life, thing)]


def _allowed(life: Life, thing: Thing) -> frozenset[str]:
    return life.allow if thing.maker is None else thing.maker.allow


def _without_parts(things: list[Thing]) -> list[Thing]:
    """A transport's socket and a child's pipes are not told beside them."""
    owned = {number for thing in things if thing.kind in _OWNERS for number in thing.descriptors}
    return [thing for thing in things if thing.kind in _OWNERS or not (thing.descriptors & owned)]
