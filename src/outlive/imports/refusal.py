"""The one error of this room."""

from __future__ import annotations

from outlive.errors import OutliveError


class UnreadableReport(OutliveError):
    """The file is no report that Outlive reads, or nothing of it could be understood."""

    slug = "unreadable-report"
    exit_code = 2
