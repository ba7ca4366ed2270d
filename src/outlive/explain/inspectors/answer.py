"""What an inspector answers, and the three ways to say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.model.explanation import State


@dataclass(frozen=True)
class Answer:
    """A state and its reason, in words that stand behind the object's name: "closed, and still referred to"."""

    state: State
    reason: str

    @property
    def is_certain(self) -> bool:
        return self.state is not State.UNKNOWN


Inspector = Callable[[AskedHeap, int, Context], Answer | None]


def expected(reason: str) -> Answer:
    return Answer(State.EXPECTED, reason)


def stuck(reason: str) -> Answer:
    return Answer(State.STUCK, reason)


def unknown(reason: str) -> Answer:
    """No state, but worth saying."""
    return Answer(State.UNKNOWN, reason)
