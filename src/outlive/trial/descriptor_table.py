"""How many descriptors this process has open, cheaply, and which they are: what a watch over openings compares.

The number is one fstat() of an open /proc/self/fd, whose size it is from Linux 6.2 on. Before that it is the lowest
free descriptor, by one dup and one close, which differs whenever something was opened and stays. Our own descriptor
stands high up, where the program's own are not moved by it, and is in no list.
"""

from __future__ import annotations

import fcntl
import os
from os import close, fstat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = "/proc/self/fd"
_HIGH = 3000  # below the trial's own line, beyond what programs count through


class DescriptorTable:
    """This process's open descriptors. `count` raises OSError when the program has closed our own."""

    __slots__ = ("_own", "count")
    count: Callable[[], int]

    def __init__(self) -> None:
        self._own = _high(os.open(_FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        self.count = self._by_size if fstat(self._own).st_size else self._by_lowest

    def listed(self) -> dict[int, str]:
        """Open descriptors and what they link to."""
        found = {}
        for name in os.listdir(_FOLDER):
            try:
                target = os.readlink(f"{_FOLDER}/{name}")
            except OSError:
                continue  # what the listing needed itself
            if int(name) != self._own:
                found[int(name)] = target
        return found

    def close(self) -> None:
        try:
            close(self._own)
        except OSError:
            pass  # the program has closed it over us

    def _by_size(self) -> int:
        return fstat(self._own).st_size

    def _by_lowest(self) -> int:
        lowest: int = fcntl.fcntl(self._own, fcntl.F_DUPFD_CLOEXEC, 0)
        close(lowest)
        return lowest


def is_same(before: str, now: str) -> bool:
    """Whether two links of one number are one opening: a file may be renamed or deleted, a socket keeps its number."""
    return before == now or (before.startswith("/") and now.startswith("/"))


def _high(descriptor: int) -> int:
    try:
        moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        return descriptor  # so low is the limit here
    close(descriptor)
    return moved
