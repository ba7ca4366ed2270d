"""Reports of programs' lives for the tests of text and JSON, made by hand."""

from __future__ import annotations

from outlive.model.explanation import Explanation, Hop, Owner, OwnerKind, Site, State
from outlive.model.leftovers import Answer, Category, EndReport, Growth, Leftover, ProgramEnd, StuckGrade
from outlive.model.look import Closing
from outlive.model.verdict import Cost, Note, Verdict

SITE = Site("app/api.py", 88, "fetch", source="sock = socket.socket()")
YOURS = Owner(OwnerKind.YOURS, "app")
WHY = Explanation(
    sentence="app.POOL keeps each socket.",
    path=(
        Hop("app.POOL", "app.POOL", "builtins.list", state=State.EXPECTED, count=17),
        Hop("[3]", "[*]", "socket.socket", state=State.STUCK, reason="its session was closed", faulty=True),
    ),
    held_by="app.POOL[3]",
    owner=YOURS,
    site=SITE,
    made_by=YOURS,
)
SOCKETS = Leftover(
    kind="socket",
    type="socket.socket",
    count=17,
    answer=Answer.HELD,
    problem="open-at-end",
    sentence="17 sockets are open, all made at api.py:88 in fetch, held by app.POOL.",
    matters="Each keeps a descriptor and its peer's memory.",
    examples=("127.0.0.1:8080 ESTABLISHED",),
    explanation=WHY,
    fingerprint="feed0001",
)
TASK = Leftover(
    kind="task",
    type="_asyncio.Task",
    count=1,
    answer=Answer.HELD,
    problem="stuck",
    category=Category.RUNTIME,
    sentence="Task gc_loop never wakes.",
    made_at=SITE,
    owner=YOURS,
    stuck=StuckGrade.NOT_CANCELLABLE,
    evidence=("no timer, callback, thread or native code refers to what it waits for",),
    fingerprint="feed0002",
)
IN_FLIGHT = Leftover(
    kind="object",
    type="app.Client",
    count=1,
    answer=Answer.IN_FLIGHT,
    problem="outlived",
    sentence="A Client closed at app.py:3 was held by the callback that ran.",
    fingerprint="feed0003",
)
CLOSINGS = (
    Closing(1.0, "Session.close", "app.Session", SITE, key=1),
    Closing(2.0, "Session.close", "app.Session", SITE, times=2, trouble="twice", key=1),
    Closing(3.0, "Pool.close", "app.Pool", SITE, trouble="in-use", detail="3 connections", key=2),
)
LEFT = EndReport(
    command=("python", "app.py", "--port", "80"),
    end=ProgramEnd("signal", -15, "it was ended by SIGTERM"),
    verdict=Verdict.LEAK,
    reason="2 mistakes; first, task gc_loop never wakes",
    leftovers=(TASK, SOCKETS, IN_FLIGHT),
    closings=CLOSINGS,
    growth=(Growth("objects", "", 1000, 5000, 12, 360.0, 1.0),),
    notes=(Note("contracts", "[[lifetime]] 1 names no function"),),
    cost=Cost(0.0, 0, 0, 0.0, 0.0, explaining_seconds=0.4),
    python="3.12.1",
    seconds=12.5,
    looks=3,
    snapshots=("look-0002.outlive",),
)
CLEAN = EndReport(
    command=("python", "app.py"),
    end=ProgramEnd("returned", 0, "it ended with status 0"),
    verdict=Verdict.NO_LEAK,
    reason="nothing outlived its end",
    seconds=0.5,
    looks=1,
    snapshots=("look-0001.outlive",),
)
