"""How long it is worth waiting for something that usually ends soon: less and less, while waiting does not help."""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SHORTEST_SECONDS = 0.002


def now(clock: Callable[[], float] = monotonic) -> float:
    """Monotonic seconds. Bound as a default: libraries that freeze time replace module attributes, ours too."""
    return clock()


class Patience:
    """A waiting time that halves each time it was spent in vain and is whole again once it paid off.

    A program that really leaks a thread a step would otherwise be waited for at every sample, in vain.
    """

    __slots__ = ("_full", "seconds")

    def __init__(self, seconds: float) -> None:
        self._full = seconds
        self.seconds = seconds

    def learn(self, *, paid_off: bool) -> None:
        """Tell whether the last wait brought what was waited for."""
        self.seconds = self._full if paid_off else max(self.seconds / 2, _SHORTEST_SECONDS)
