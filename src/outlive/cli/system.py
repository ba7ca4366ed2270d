"""Which systems Outlive knows. It says no before anything else can fail in a less readable way."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from outlive.errors import UnsupportedSystem

MACHINES = ("x86_64", "aarch64")
OLDEST = (3, 10)


@dataclass(frozen=True)
class System:
    """The facts that decide. `free_threaded` interpreters keep no lists of objects to walk."""

    platform: str
    implementation: str
    machine: str
    version: tuple[int, int]
    free_threaded: bool = False


def this_system() -> System:
    """The machine and the interpreter we run on."""
    return System(
        platform=sys.platform,
        implementation=sys.implementation.name,
        machine=os.uname().machine if hasattr(os, "uname") else "unknown",
        version=(sys.version_info.major, sys.version_info.minor),
        free_threaded="t" in getattr(sys, "abiflags", ""),
    )


def refuse_unknown(system: System) -> None:
    """Raises UnsupportedSystem with the reason when Outlive cannot measure on `system`."""
    if system.platform != "linux":
        raise UnsupportedSystem(
            f"this is {system.platform}; Outlive runs on Linux only",
            why="it counts what is alive through /proc and the GNU allocator",
            hint="run it in a Linux container or in CI",
        )
    if system.machine not in MACHINES:
        raise UnsupportedSystem(
            f"this is a {system.machine} machine; Outlive knows {' and '.join(MACHINES)}",
            why="its native core was never tested elsewhere, and an untested count is no evidence",
        )
    if system.implementation != "cpython" or system.free_threaded or system.version < OLDEST:
        found = f"{system.implementation} {system.version[0]}.{system.version[1]}"
        if system.free_threaded:
            found += " (free-threaded)"
        raise UnsupportedSystem(
            f"this is {found}; Outlive knows CPython {OLDEST[0]}.{OLDEST[1]} and later, with the GIL",
            why="its native core walks that interpreter's own object layouts",
            hint="python3 -m venv with a CPython that it knows, and install outlive there",
        )
