"""A small report service: clients log in, ask for a report, and sometimes hang up before it is done.

It holds three things that grow, and only one of them is a mistake:

    cache      rendered reports, bounded: the oldest goes when the 257th comes
    recent     the last 500 durations, bounded by its deque
    sessions   one for every client that is being served; must be empty when nobody is
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

CACHED_REPORTS = 256
REMEMBERED_DURATIONS = 500


class HungUp(Exception):
    """The client went away before its report was ready."""


@dataclass(frozen=True)
class Request:
    """One client's wish. `patience` is how many turns of the loop it waits before it hangs up."""

    user: str
    report: int
    patience: int = 10


@dataclass(eq=False)
class Session:
    """A client that is being served."""

    number: int
    user: str
    asked_for: list[int] = field(default_factory=list)


class ReportService:
    """Serves reports; `serve` is one request from beginning to end."""

    def __init__(self) -> None:
        self.sessions: dict[int, Session] = {}
        self.cache: OrderedDict[int, str] = OrderedDict()
        self.recent: deque[float] = deque(maxlen=REMEMBERED_DURATIONS)
        self._next_number = 0

    async def serve(self, request: Request) -> str:
        """Render the report that is asked for. Raises HungUp when the client's patience ends first.

        This is where the mistake is: the farewell below is not reached when the client hangs up, so its session
        stays in `sessions` for ever.
        """
        session = self.welcome(request)
        text = await self.render(request)
        self.farewell(session)
        return text

    def welcome(self, request: Request) -> Session:
        self._next_number += 1
        session = Session(self._next_number, request.user, [request.report])
        self.sessions[session.number] = session
        return session

    def farewell(self, session: Session) -> None:
        del self.sessions[session.number]

    async def render(self, request: Request) -> str:
        started = asyncio.get_running_loop().time()
        for turn in range(3):
            if turn >= request.patience:
                raise HungUp(request.user)
            await asyncio.sleep(0)
        text = self.cache.get(request.report)
        if text is None:
            text = f"report {request.report}\n" * 40
            self.remember(request.report, text)
        self.recent.append(asyncio.get_running_loop().time() - started)
        return text

    def remember(self, report: int, text: str) -> None:
        self.cache[report] = text
        if len(self.cache) > CACHED_REPORTS:
            self.cache.popitem(last=False)
