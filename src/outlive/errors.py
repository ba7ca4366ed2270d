"""One tree of errors; each class owns what happened, why we think so, what to try and its slug.

The first line stands alone. `slug` names the page that `outlive explain` will show.
"""

from __future__ import annotations


class OutliveError(Exception):
    """Anything Outlive refuses or cannot do. `str()` is the whole message, ready to print."""

    slug = "error"
    exit_code = 3

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  why:  {self.why}")
        if self.hint:
            lines.append(f"  try:  {self.hint}")
        return "\n".join(lines)


class UsageError(OutliveError):
    """The command line or a call is wrong; nothing was run."""

    slug = "usage"
    exit_code = 2


class MeasureError(OutliveError):
    """A measurement failed. It is never a verdict."""

    slug = "could-not-measure"
    exit_code = 3


class UnsupportedSystem(OutliveError):
    """This machine or interpreter is one Outlive does not know."""

    slug = "unsupported-system"
    exit_code = 3
