"""Results that the report tests share: one of each verdict, small enough to read."""

from __future__ import annotations

from ends import IN_FLIGHT, TASK

from outlive.model.verdict import CheckResult, Control, Cost, Evidence, Finding, Note, Outcome, Rate, Verdict

FIFTH = Rate(0.2, 0.199, 0.202)
NOTHING = Rate(0, 0, 0)
SEEN = (
    Control("planted leak", "positive", "leak", "leak", True),
    Control("planted innocent", "null", "flat", "flat", True),
)
MISSED = (Control("planted leak", "positive", "leak", "flat", False),)


def evidence(counter: str, of: str = "", unit: str = "", rate: Rate = FIFTH) -> Evidence:
    return Evidence(counter, of, rate, 4096, 12, 831, 20, 0, 3.2e9, unit)


SESSIONS = Finding(
    "python-object",
    "service.Session",
    FIFTH,
    Rate(214, 210, 219),
    (evidence("objects", "service.Session"),),
    "a1b2c3d4",
    detail="held by service.SERVICE.sessions",
    with_it=tuple(evidence("objects", f"builtins.type{at}") for at in range(8)),
)
SOCKETS = Finding("fd", "socket", Rate(1, 1, 1), NOTHING, (evidence("fds", "socket"),), "ffff0000")
LEAK = CheckResult(
    "service.py",
    Verdict.LEAK,
    "1 finding",
    Outcome.FINISHED,
    findings=(SESSIONS,),
    notes=(Note("filling", "collections.deque (bound 500) holds 312"),),
    controls=SEEN,
    smallest_visible={"objects": Rate(0.001, 0, 0), "native": Rate(12, 0, 0), "fds": Rate(0.001, 0, 0)},
    cost=Cost(4.1, 4096, 40, 1.2, 2.4, 92 << 20),
    python="3.12.1",
)
TWO_LEAKS = CheckResult("service.py", Verdict.LEAK, "2 findings", Outcome.FINISHED, findings=(SESSIONS, SOCKETS))
NO_LEAK = CheckResult("service.py", Verdict.NO_LEAK, "nothing grew", Outcome.FINISHED, controls=SEEN)
RAISED = CheckResult(
    "service.py", Verdict.COULD_NOT_TELL, "step 12 raised ValueError", Outcome.RAISED, traceback="ValueError: no\n"
)
BLIND = CheckResult("service.py", Verdict.COULD_NOT_TELL, "the run was blind", Outcome.BLIND, controls=MISSED)
OUTLIVED = CheckResult(
    "service.py", Verdict.LEAK, "Task gc_loop never wakes", Outcome.FINISHED, leftovers=(TASK, IN_FLIGHT)
)
ALL = (LEAK, TWO_LEAKS, OUTLIVED, NO_LEAK, RAISED, BLIND)
