"""Lifetimes in the child: which have ended, begun before the scenario is loaded, told when the parent asks for a look.

Theory of operation. `outlive run` keeps books of what has ended, and they grow with the program. Here every step is
measured, and books that grew would be a leak of our making. So: no closings are kept, few events, a fixed number of
scopes, and a fixed number of ended objects that are alive: more of them say nothing new, and how many there are,
counting says. They must be ones that can be referred to weakly: others are known by address and tick alone, and a step
can make many at one address, so of those nothing is said. The watchers of asyncio and `tempfile` stay off for the same
reason; what they see in a program that repeats itself, counting sees, too.

The clock is the trial's: an end has the tick of its step. Nothing here fails the scenario: what could not be begun is
told when the parent asks.
"""

from __future__ import annotations

import os
import sys

from outlive.trial.stamping import FIRST_STEP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.trial.inside import Inside
    from outlive.trial.service import Steps

LIVES_VARIABLE = "OUTLIVE_TRIAL_LIVES"  # as in `launch`, which is the parent's and is not imported here
_SETUP = 1
_SCOPES, _EVENTS = 256, 16
_MOST_ENDED = 128


class _Lives:
    """What one child knows of its own watching. `steps` is set when the setup is over."""

    def __init__(self) -> None:
        self.begun = False
        self.trouble = ""
        self.steps: Steps | None = None
        self.open_before: frozenset[tuple[int, str]] = frozenset()

    def tick(self) -> int:
        """The tick that the stamps have just now; between two steps that of the next one."""
        return _SETUP if self.steps is None else FIRST_STEP + self.steps.done


_LIVES = _Lives()


def begin() -> None:
    """Begin, if the parent asked for it; its variable is taken out of the environment."""
    path = os.environ.pop(LIVES_VARIABLE, "")
    if not path:
        return
    try:
        _begin(_contracts(path))
        _LIVES.begun = True
    except Exception as error:
        _LIVES.trouble = f"{type(error).__name__}: {error}"


def catch_up() -> None:
    """The scenario is loaded, by a way that the import system was not told of."""
    if _LIVES.begun:
        from outlive.lifetimes import hooks

        hooks.catch_up()


def follow(steps: Steps) -> None:
    """The setup is over: from here on an end is that of a step, and what is open now was opened before."""
    _LIVES.steps = steps
    if _LIVES.begun:
        from outlive.lifetimes import opened

        opened.begin()
        _LIVES.open_before = _descriptors()


def look(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """What has ended and is alive, with the keys of `model.look.Look`; `worth`: whether there may be anything at all.

    The program stands still: between steps, settled and collected.
    """
    if not _LIVES.begun:
        return {"begun": False, "trouble": _LIVES.trouble, "worth": False, "look": {}}
    from outlive.lifetimes import hooks

    hooks.catch_up()
    rows = _ended()
    worth = bool(payload["anyhow"]) or bool(rows) or _may_be_left()
    told = _told(rows) if worth else {"notes": hooks.problems()}
    return {"begun": True, "trouble": "", "worth": worth, "full": len(rows) >= _MOST_ENDED, "look": told}


def _contracts(path: str) -> list[dict[str, Any]]:
    from outlive.trial import wire

    with open(path, "rb") as file:
        message = wire.receive(lambda descriptor, length: file.read(length), 0)
    return [] if message is None else list(message[1]["rows"])


def _begin(rows: list[dict[str, Any]]) -> None:
    from outlive.lifetimes import beginning, clock, scopes
    from outlive.lifetimes.ended import REGISTRY
    from outlive.lifetimes.notebook import NOTEBOOK

    NOTEBOOK.keep_little(_EVENTS)
    REGISTRY.most, REGISTRY.most_by_address = _MOST_ENDED, 0
    clock.count_steps(lambda: int("1000000"))  # a new number each time, as ticks of later steps are
    scopes.keep_last(_SCOPES)
    clock.count_steps(_LIVES.tick)
    beginning.begin(rows, watch=())


def _ended() -> list[Any]:
    from outlive.lifetimes.ended import REGISTRY

    return [row for row in REGISTRY.alive() if row.is_alive]


def _may_be_left() -> bool:
    """Whether a scope was used, or the steps left a task, a thread, a descriptor or a child process."""
    from outlive.lifetimes import scopes
    from outlive.lifetimes.clock import birth
    from outlive.probes import children, tasks

    if any(row["ended_at"] is not None for row in scopes.scope_rows()):
        return True
    known: Any = sys.modules.get("threading")
    threads = [] if known is None else list(known._active.values())
    if any(_is_of_steps(birth(one)[0]) for one in [*tasks.pending(), *threads]):
        return True
    return bool(_descriptors() - _LIVES.open_before) or bool(children.list_children())


def _is_of_steps(tick: int) -> bool:
    """0: nobody stamped it."""
    return tick == 0 or tick >= FIRST_STEP


def _descriptors() -> frozenset[tuple[int, str]]:
    from outlive.probes import fds

    try:
        return frozenset((one.number, one.target) for one in fds.list_open())
    except Exception:
        return frozenset()


def _told(rows: list[Any]) -> dict[str, Any]:
    from outlive.lifetimes import clock, flight, hooks, opened, scopes
    from outlive.lifetimes.notebook import NOTEBOOK

    return {
        "reason": "steps",
        "at": clock.seconds(),
        "tick": clock.tick(),
        "pid": os.getpid(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "ended": [row.as_dict() for row in rows],
        "scopes": scopes.scope_rows(),
        "open": opened.rows(thorough=True),
        "events": [row for row in NOTEBOOK.events.rows() if row["kind"]],
        "running": flight.running(),
        "notes": [*NOTEBOOK.words, *hooks.problems(), *_forgotten()],
    }


def _forgotten() -> list[str]:
    from outlive.lifetimes import scopes

    number = scopes.forgotten()
    return [f"only the last {_SCOPES} scopes were looked into; {number} ended before them"] if number else []
