"""The child's conversation with the parent: ready, then advance, count, ask, until finish.

Knows the commands; how steps are run, settled and counted is known by its neighbours. The scenario's errors are not
caught here: they end the conversation, and whoever opened it tells the parent.

    advance {count}    plant controls, run steps, settle     -> advanced {steps, step_seconds, settle_seconds}
    count {again}      settle once more if asked, count      -> counted {census, counts, own_mapped, seconds}
    ask {name, …}      a question about the heap             -> answer {…} | refused {traceback}
    finish             no answer: the conversation is over
"""

from __future__ import annotations

from outlive.lifetimes.patience import now
from outlive.lifetimes.settle import Settler
from outlive.trial import board, stamping
from outlive.trial.inside import Inside
from outlive.trial.line import Line, flush_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Steps(Protocol):
        """What a conversation needs of whatever runs the steps."""

        @property
        def done(self) -> int: ...
        @property
        def loop(self) -> Any: ...
        def steps(self, count: int) -> None: ...


class CountingFailed(Exception):
    """Counting itself failed, which is no verdict on the scenario."""


def converse(line: Line, runner: Steps, own_modules: list[str]) -> None:
    """Serve the parent until it says finish, or is gone. Raises what a step raises.

    `own_modules` are named to the parent: what grows there is the scenario's own.
    """
    stamping.tick(stamping.BETWEEN)
    inside, settler = Inside(), Settler()
    _reply(line, "ready", own_modules=own_modules, stamps=stamping.told())
    while True:
        command = line.next_command()
        if command is None or command[0] == "finish":
            return
        name, fields = command
        if name == "advance":
            _advance(line, runner, inside, settler, fields["count"])
        elif name == "count":
            _count(line, runner, inside, settler, fields["again"])
        elif name == "ask":
            _answer(line, inside, fields["name"], fields["payload"])
        flush_output()


def _advance(line: Line, runner: Steps, inside: Inside, settler: Settler, count: int) -> None:
    inside.plant()
    began = now()
    runner.steps(count)
    stepped = now()
    line.board.enter(board.SETTLING)
    settler.settle(runner.loop)
    _reply(line, "advanced", steps=runner.done, step_seconds=stepped - began, settle_seconds=now() - stepped)


def _count(line: Line, runner: Steps, inside: Inside, settler: Settler, again: bool) -> None:
    began = now()
    if again:
        line.board.enter(board.SETTLING)
        settler.settle(runner.loop)
    line.board.enter(board.COUNTING)
    try:
        reading = inside.read(runner.loop)
    except (OSError, RuntimeError, MemoryError) as error:
        raise CountingFailed(f"{type(error).__name__}: {error}") from error
    _reply(line, "counted", seconds=now() - began, **reading)


def _answer(line: Line, inside: Inside, name: str, payload: dict[str, Any]) -> None:
    line.board.enter(board.ANSWERING)
    try:
        from outlive.trial.questions import answerer

        answer = answerer(name)(payload, inside)
    except Exception as error:
        from outlive.trial.trouble import describe

        _reply(line, "refused", **describe(error))
    else:
        _reply(line, "answer", answer=answer)


def _reply(line: Line, kind: str, **fields: Any) -> None:
    """Idle from here on; noted first, because the parent may act on the reply before we come to note it."""
    line.board.enter(board.WAITING)
    line.say(kind, **fields)
