"""The same service with its mistake mended: the farewell is said however the request ends.

outlive check examples/job_service/check_service_fixed.py
"""

from __future__ import annotations

from service import HungUp, ReportService, Request


class MendedService(ReportService):
    """As ReportService; `serve` says farewell in a `finally`."""

    async def serve(self, request: Request) -> str:
        session = self.welcome(request)
        try:
            return await self.render(request)
        finally:
            self.farewell(session)


SERVICE = MendedService()


async def step(i: int) -> None:
    patience = 1 if i % 5 == 0 else 10
    try:
        await SERVICE.serve(Request(user=f"user-{i % 40}", report=i % 300, patience=patience))
    except HungUp:
        pass
