"""Counters that the parent reads of the child from outside, through /proc: the child is not disturbed at all.

Descriptors, threads, child processes, files in the private temporary folder, mapped bytes; and the resident size,
which only illustrates.
"""

from __future__ import annotations

import os

from outlive.errors import MeasureError
from outlive.model.series import CounterKey
from outlive.probes import children, fds, procfs, temp_files, threads

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def read(pid: int, temp_folder: str) -> dict[CounterKey, int]:
    """Everything that can be counted from outside. Raises MeasureError when the process is gone."""
    size = procfs.read(pid, "statm").split()
    counters = {
        CounterKey("threads"): threads.count(pid),
        CounterKey("temp-files"): temp_files.count_in([temp_folder]),
        CounterKey("mapped", "", "bytes"): int(size[0]) * _PAGE_BYTES,
    }
    counters.update((CounterKey("children", state), count) for state, count in children.count_by_state(pid).items())
    counters.update((CounterKey("fds", kind), count) for kind, count in _fds(pid).items())
    return counters


def leavers(pid: int) -> tuple[int, int]:
    """Threads and running children: what may be on its way out."""
    return threads.count(pid), children.count_by_state(pid).get("running", 0)


def resident_bytes(pid: int) -> int:
    return int(procfs.read(pid, "statm").split()[1]) * _PAGE_BYTES


def _fds(pid: int) -> dict[str, int]:
    try:
        return fds.count_by_kind(pid)
    except MeasureError:
        return {}  # the scenario made itself uninspectable (PR_SET_DUMPABLE): the other counters still stand
