"""Page faults since the process began: minor (a page was mapped) and major (it came from disk).

They only ever rise; a rate that does not fade says that fresh memory is touched all the time, leaked or not.
"""

from __future__ import annotations

from outlive.probes import procfs
from outlive.probes.declaration import MICROSECONDS, Probe

PROBE = Probe(
    "faults",
    counts="minor and major page faults since the process began",
    cost=MICROSECONDS,
    observer_effect="opens one descriptor for as long as it reads",
    other_processes=True,
)


def read(pid: int | None = None) -> dict[str, int]:
    """`minor_faults` and `major_faults` of the process itself, without its children's."""
    fields = procfs.stat_fields(pid)
    return {
        "minor_faults": int(fields[procfs.MINOR_FAULTS]),
        "major_faults": int(fields[procfs.MAJOR_FAULTS]),
    }
