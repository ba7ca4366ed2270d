"""How a command is checked, and how its run may fail: plain data, and the words for it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from outlive.command.running import Cut, Ran
from outlive.model.verdict import Outcome


@dataclass(frozen=True)
class CommandSettings:
    """`steps`: runs of a command with {i}, else steps that the program is told by {n} or ended after.

    `time_budget_s` None: as long as the runs take, or the program goes on for 60 s. `timeout_s`: a run, or the way from
    one look to the next, may take so long. `allow` names functions, or counters, that may lose or keep.
    """

    steps: int | None = None
    time_budget_s: float | None = None
    timeout_s: float = 60.0
    memory_limit_bytes: int | None = None
    allow: tuple[str, ...] = ()
    progress: Callable[[str], None] | None = None

    def tell(self, text: str) -> None:
        if self.progress is not None:
            self.progress(text)


@dataclass(frozen=True)
class Failure:
    """A run that did not end as it should."""

    outcome: Outcome
    reason: str


def failure_of(ran: Ran, settings: CommandSettings, where: str) -> Failure | None:
    """None: it ended by itself with status 0, or was ended because it had run for long enough."""
    if ran.cut is Cut.SILENT:
        return Failure(Outcome.TIMED_OUT, f"the program made no progress for {settings.timeout_s:g} s {where}")
    if ran.cut is Cut.MEMORY:
        took = ran.peak_rss_bytes // (1 << 20)
        return Failure(Outcome.MEMORY, f"the program grew to {took:,} MB, over its limit, {where}")
    if ran.cut in (Cut.TIME, Cut.ENOUGH) or ran.status == 0:
        return None
    if ran.status < 0:
        return Failure(Outcome.KILLED, f"the program was killed by {_signal_name(-ran.status)} {where}")
    return Failure(Outcome.EXITED, f"the program ended with exit status {ran.status} {where}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
