"""Says on a terminal what takes long, once it has taken more than a second.

The passes over a heap let other threads run, so a timer can speak while they work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from outlive.cli.console import ProgressLine

_PATIENCE_S = 1.0


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Shows `doing` on stderr's last line from the second second on, and wipes it."""
    line = ProgressLine()
    if not line.live:
        yield
        return
    over = threading.Lock()  # between the timer's word and the wiping

    def speak() -> None:
        with over:
            if not done:
                line(f"{doing} …")

    done: list[bool] = []
    timer = threading.Timer(_PATIENCE_S, speak)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with over:
            done.append(True)
            line.wipe()
