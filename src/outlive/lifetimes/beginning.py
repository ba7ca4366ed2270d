"""The beginning of a watching, in one call, before the program's first line."""

from __future__ import annotations

from outlive.lifetimes import clock, hooks, opened, watchers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def begin(rows: Iterable[dict[str, Any]] = (), *, watch: Iterable[str] | None = None) -> None:
    """Remember what is open, follow the stamps (start them first), attach the contracts, start the watchers.

    `watch` are names of `watchers.NAMES`; None is all of them. What could not be attached `hooks.problems` says.
    """
    opened.begin()
    clock.follow_stamps()
    hooks.attach(rows)
    watchers.start(watch)
