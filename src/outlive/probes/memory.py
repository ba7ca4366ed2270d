"""The memory that the system accounts to a process: /proc/PID/status, in KB (1,024 bytes).

Knows address space (VmSize), resident memory (VmRSS) and its peak (VmHWM), data (VmData), swap. Knows nothing of who
holds it. VmRSS counts shared pages in full, and the kernel keeps it in per-CPU pieces, so that it may be some dozens
of pages behind: an illustration, never evidence (`uss` is exact, and dear).
"""

from __future__ import annotations

from outlive.errors import MeasureError
from outlive.probes import procfs
from outlive.probes.declaration import MICROSECONDS, Probe
from outlive.probes.refusals import NothingToMeasure, ProcessGone

PROBE = Probe(
    "memory",
    counts="address space, resident and data memory and their peaks, in KB",
    cost=MICROSECONDS,
    observer_effect="opens one descriptor for as long as it reads; pages of its own code count in its own VmRSS",
    other_processes=True,
)

_FIGURES = {
    b"VmSize": "vm_size",
    b"VmRSS": "vm_rss",
    b"VmData": "vm_data",
    b"VmPeak": "vm_peak",
    b"VmHWM": "vm_hwm",
    b"VmSwap": "vm_swap",
}


def read(pid: int | None = None) -> dict[str, int]:
    """VmSize, VmRSS, VmData, VmPeak (of VmSize), VmHWM (the peak of VmRSS) and VmSwap, in KB.

    Raises ProcessGone for a process that has ended (a zombie has no memory), NothingToMeasure for a kernel thread.
    """
    found = {}
    for line in procfs.read(pid, "status", "the memory").split(b"\n"):
        name, _, rest = line.partition(b":")
        figure = _FIGURES.get(name)
        if figure is not None:
            found[figure] = int(rest.split()[0])
    if "vm_rss" not in found:
        raise _without_memory(pid)
    return found


def _without_memory(pid: int | None) -> MeasureError:
    """Why a process that /proc still lists has no memory: only the kernel's own never had any."""
    fields = procfs.stat_fields(pid)
    number = int(procfs.read(pid, "stat").partition(b" ")[0])
    if procfs.is_kernel_thread(fields):
        name = procfs.process_name(pid)
        return NothingToMeasure(f"process {number} ({name}) is a kernel thread", why="it has no memory of its own")
    if fields[procfs.STATE] == b"Z":
        return ProcessGone(number, why="it has ended; its parent has not yet asked for its exit status")
    return ProcessGone(number, why="it is ending: its memory is already given back")
