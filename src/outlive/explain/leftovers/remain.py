"""What an evidence hands on: one thing that is left, before things of one mistake are put together. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, StuckGrade


@dataclass(frozen=True)
class Remain:
    """`node` is the thing in the heap, 0 for what has none (a descriptor, an event). `about` is the object whose way
    from a root is to be told, when that is another: the ended owner that a task keeps.

    `name` is what a person calls this one ("task poll", "127.0.0.1:80"), an example in the report. `said` is a
    sentence that replaces the common one of its problem; `end_with` the call that would have ended it. `fresh`: it
    ended so shortly before the look that its holder may be about to let it go. `cause` is the task whose swallowed
    cancellation let this be made.
    """

    problem: str
    kind: str
    type: str
    node: int = 0
    about: int = 0
    answer: Answer = Answer.HELD
    name: str = ""
    lifetime: str = ""
    ended_at: Site | None = None
    made_at: Site | None = None
    owned: str = ""
    said: str = ""
    end_with: str = ""
    matters: str = ""
    stuck: StuckGrade = StuckGrade.NOT
    evidence: tuple[str, ...] = ()
    harmless: bool = False
    scope: int = 0
    fresh: bool = False
    cause: str = ""

    @property
    def told_node(self) -> int:
        """The object whose holder is to be told."""
        return self.about or self.node
