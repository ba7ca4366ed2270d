"""The watched process, from its first line to its last: connect, load, set up, converse, tear down, leave.

Knows the order of a scenario's life and which ending each part's failure is. Every exit tells the parent how the
scenario ended, unless the process could not speak any more; then the board and the exit status do.
"""

from __future__ import annotations

import sys

from outlive.trial import board, line, lives, scenario, stamping, stepping, trouble
from outlive.trial.service import CountingFailed, converse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(target: str) -> NoReturn:
    """Live the scenario's life; the interpreter's own exit, atexit functions and all, follows."""
    wire = line.from_environment()
    try:
        line.prepare_process(wire)
        _live(wire, target)
    except BaseException as error:
        wire.leave_if_copy()
        _tell(wire, error)
    wire.leave_if_copy()
    line.flush_output()
    wire.board.enter(board.LEAVING)
    sys.exit(0)


def _live(wire: line.Line, target: str) -> None:
    wire.board.enter(board.LOADING)
    stamping.begin()
    lives.begin()
    loaded = scenario.load(target)
    wire.leave_if_copy()
    lives.catch_up()
    runner = stepping.Runner(loaded, wire)
    runner.setup()
    lives.follow(runner)
    converse(wire, runner, scenario.modules_beside(loaded.module))
    runner.teardown()
    wire.end(how="finished", what="", traceback="")


def _tell(wire: line.Line, error: BaseException) -> None:
    """Say how it ended. The interpreter still leaves in its own way, so that the scenario's atexit functions run."""
    if isinstance(error, scenario.NotLoaded):
        told = {"how": "not-loaded", "what": str(error), "traceback": ""}
    elif isinstance(error, CountingFailed):
        told = {"how": "not-counted", "what": str(error), "traceback": trouble.describe(error)["traceback"]}
    else:
        told = trouble.describe(error)
    line.flush_output()
    wire.end(**told)
