"""Every way a trial can end, in words and as an `Outcome`. Pure: what is known goes in, the ending comes out."""

from __future__ import annotations

import signal
from typing import Any

from outlive.model.verdict import Outcome
from outlive.trial import board
from outlive.trial.options import Ended

_NOT_YET = (board.STARTING, board.LOADING)
_UNKNOWN_SIGNAL = "signal {}"


def told(fields: dict[str, Any], output: str) -> Ended:
    """The child told how it ended."""
    how, what, phase = str(fields["how"]), str(fields["what"]), int(fields["phase"])
    where = board.place(phase, int(fields["steps"]))
    outcome, reason = {
        "finished": (Outcome.FINISHED, f"the scenario finished after {fields['steps']:,} steps"),
        "raised": (Outcome.RAISED, f"the scenario raised {what} {where}"),
        "exited": (Outcome.EXITED, f"the scenario called {what} {where}"),
        "not-loaded": (Outcome.NOT_LOADED, what),
        "not-counted": (Outcome.BLIND, f"counting failed {where}: {what}"),
        "skipped": (Outcome.NOT_LOADED, f"the test was skipped: {what}"),
        "xfailed": (Outcome.NOT_LOADED, f"the test is expected to fail: {what}"),
    }[how]
    if phase in _NOT_YET:
        outcome = Outcome.NOT_LOADED
    return Ended(outcome, reason, str(fields["traceback"]), output, how)


def vanished(status: int, phase: int, steps: int, stacks: str, output: str) -> Ended:
    """The process ended without a word; `status` is as subprocess gives it, negative for a signal."""
    where = board.place(phase, steps)
    if phase == board.CUT_OFF:
        reason = f"the scenario closed Outlive's own descriptors {where} (a wide os.closerange?): nothing was counted"
        return Ended(Outcome.EXITED, reason, stacks, output)
    if status < 0:
        reason = f"the scenario's process was killed by {signal_name(-status)} {where}"
        if -status == signal.SIGKILL:
            reason += ", not by Outlive: perhaps for want of memory"
        return Ended(Outcome.KILLED, reason, stacks, output)
    if phase == board.STARTING:
        return Ended(Outcome.NOT_LOADED, f"the child process did not start (exit status {status})", stacks, output)
    reason = f"the scenario ended its own process with exit status {status} (os._exit?) {where}"
    return Ended(Outcome.EXITED, reason, stacks, output)


def timed_out(seconds: float, where: str, stacks: str, output: str) -> Ended:
    """The child made no progress and was ended; the stacks show where it hung."""
    return Ended(Outcome.TIMED_OUT, f"the scenario made no progress for {seconds:g} s {where}", stacks, output)


def too_big(resident: int, limit: int, where: str, output: str) -> Ended:
    """The child was ended before it took the machine's memory."""
    mb = 1024 * 1024
    reason = f"the scenario grew to {resident // mb:,} MB, over the limit of {limit // mb:,} MB, {where}"
    return Ended(Outcome.MEMORY, reason, "", output)


def garbled(where: str, output: str) -> Ended:
    """Somebody else wrote into our pipe."""
    reason = f"the scenario wrote into Outlive's own descriptors {where}: nothing could be counted"
    return Ended(Outcome.BLIND, reason, "", output)


def stayed(finished: Ended, seconds: float) -> Ended:
    """Everything was measured, then the process did not exit by itself: said, but no failure of the measurement."""
    reason = f"{finished.reason}; its process did not exit by itself within {seconds:g} s (threads still running?)"
    return Ended(finished.outcome, reason, finished.traceback, finished.output_tail, finished.how)


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return _UNKNOWN_SIGNAL.format(number)
