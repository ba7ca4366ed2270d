"""What each exit code means: the one table that the code returns and `docs/reference/exit-codes.md` explains."""

from __future__ import annotations

from outlive.model.verdict import Verdict

NOTHING_FOUND = 0
LEAK_FOUND = 1
WRONG_USAGE = 2
COULD_NOT_MEASURE = 3
OUR_OWN_BUG = 4
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
READER_WENT_AWAY = 141  # 128 + SIGPIPE

_OF_VERDICT = {
    Verdict.NO_LEAK: NOTHING_FOUND,
    Verdict.LEAK: LEAK_FOUND,
    Verdict.COULD_NOT_TELL: COULD_NOT_MEASURE,
}


def of_verdict(verdict: Verdict) -> int:
    """The exit code that says this verdict."""
    return _OF_VERDICT[verdict]
