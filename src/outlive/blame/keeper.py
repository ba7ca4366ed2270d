"""Who keeps a thing that was left, as an answer: the few words that blame is decided by.

*The harness* keeps it: the traceback of a failure, a log record, pytest itself: then nobody is blamed. *A place made
for one* keeps it, or a pool: made once, for everybody, by the first who asked; told, and nobody is blamed. *A fixture*
that still lives keeps it: then it is asked again when that one ends. *Held*: by a list, a callback, a test's own
global. *Runs*: only a loop, a thread or native code has it, which is no place that anybody could be shown.
"""

from __future__ import annotations

from dataclasses import dataclass

HARNESS, SHARED, FIXTURE, HELD, RUNS, NOBODY = "harness", "shared", "fixture", "held", "runs", "nobody"


@dataclass(frozen=True)
class Keeper:
    """`words` is how a person calls the place ("app.KEPT[0]"), `also` are other places that keep it, too. `fixture` is
    the number of the fixture's life. `searched`: why the short search found it, which sees less; "" for a snapshot."""

    answer: str
    words: str = ""
    also: tuple[str, ...] = ()
    fixture: int = 0
    searched: str = ""
