"""The report service as a scenario: one step is one client; every fifth hangs up early.

outlive check examples/job_service/check_service.py
"""

from __future__ import annotations

from service import HungUp, ReportService, Request

SERVICE = ReportService()


async def step(i: int) -> None:
    patience = 1 if i % 5 == 0 else 10
    try:
        await SERVICE.serve(Request(user=f"user-{i % 40}", report=i % 300, patience=patience))
    except HungUp:
        pass
