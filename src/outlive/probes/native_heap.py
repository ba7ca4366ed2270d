"""Bytes that the C allocator has handed out: glibc's `mallinfo2`, of all its arenas and of mapped blocks.

Sees what Python's own counters cannot: malloc in C extensions and libraries. Two traps:

- glibc keeps freed small blocks in per-thread caches and *counts them as in use*. A clean program drifts by some
  100 KB in 800 calls. Start it with GLIBC_TUNABLES=glibc.malloc.tcache_count=0, as `outlive check` does, or let
  growth below a few hundred KB say nothing.
- Only glibc answers. A program run with jemalloc, tcmalloc or mimalloc, or on musl, has no such figure.
"""

from __future__ import annotations

from outlive.probes.declaration import MICROSECOND, Probe
from outlive.probes.refusals import NothingToMeasure, OwnProcessOnly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PROBE = Probe(
    "native_heap",
    counts="bytes in use from the C allocator, freed blocks in its per-thread caches included",
    cost=MICROSECOND,
    observer_effect="locks each arena in turn; without the native core the first reading imports ctypes",
    other_processes=False,
)

_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
_ask: Callable[[], int] | None = None


def read(pid: int | None = None) -> dict[str, int]:
    """`native_heap`, in bytes, of this process."""
    if pid is not None:
        raise OwnProcessOnly("native_heap")
    return {"native_heap": in_use_bytes()}


def in_use_bytes() -> int:
    """Bytes in use in the arenas and in mapped blocks. Raises NothingToMeasure where the C library is not glibc."""
    global _ask
    if _ask is None:
        _ask = _from_core() or _from_ctypes()
    return _ask()


def _from_core() -> Callable[[], int] | None:
    """The native core's reading, which allocates nothing."""
    try:
        from outlive import _core
    except ImportError:
        return None
    if _core.native_heap() is None:
        return None  # built against a C library without mallinfo2; the one we run on may still have it

    def ask() -> int:
        heap: Any = _core.native_heap()
        return int(heap[0]) + int(heap[1])

    return ask


def _from_ctypes() -> Callable[[], int]:
    """The same through ctypes, for an installation without the native core."""
    import ctypes

    class Mallinfo2(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]

    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        raise NothingToMeasure(
            "the C allocator does not say what is in use",
            why="mallinfo2 needs glibc 2.33 or later; this process runs on another C library or an older one",
        ) from None
    mallinfo2.restype = Mallinfo2

    def ask() -> int:
        info = mallinfo2()
        return int(info.uordblks) + int(info.hblkhd)

    return ask
