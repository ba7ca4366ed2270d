"""What a probe says about itself before it is used: what it counts, what it costs, what it disturbs.

Costs are classes, not promises: the order of magnitude of one reading of an ordinary process on an ordinary machine
(`benches/probes/cost.py` prints the measured ones beside them).
"""

from __future__ import annotations

from outlive.probes.row import Row

# The cost classes: a reading takes less than this many microseconds, or grows with what it counts.
MICROSECOND = "about a microsecond"
MICROSECONDS = "tens of microseconds"
PER_ITEM = "microseconds per item"
MILLISECONDS = "milliseconds, growing with the size of the process"


class Probe(Row):
    """`on_demand` probes are too dear to be read unless somebody asks for them by name."""

    __slots__ = ("cost", "counts", "name", "observer_effect", "on_demand", "other_processes")
    name: str
    counts: str
    cost: str
    observer_effect: str
    other_processes: bool
    on_demand: bool

    def __init__(
        self,
        name: str,
        *,
        counts: str,
        cost: str,
        observer_effect: str,
        other_processes: bool,
        on_demand: bool = False,
    ) -> None:
        self._fill(cost, counts, name, observer_effect, on_demand, other_processes)
