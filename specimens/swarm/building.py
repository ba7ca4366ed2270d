"""Builds the C program by its Makefile, and says what is missing where it cannot be built."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "c"
VARIANTS = ("plain", "lsan", "asan")
APT = "apt-get install make gcc pkg-config libuv1-dev"


def missing() -> str:
    """What the build lacks here, with what to do; empty when nothing is."""
    for program in ("make", "cc", "pkg-config"):
        if shutil.which(program) is None:
            return f"{program} is not installed: {APT}"
    if subprocess.run(["pkg-config", "--exists", "libuv"], capture_output=True).returncode != 0:
        return f"libuv's headers are not installed: {APT}"
    return ""


def build(variant: str = "plain", folder: Path | None = None) -> Path:
    """The folder with `swarm` and `swarm-tests`, made anew where a source is newer. Raises `OSError` with what
    the compiler said."""
    folder = folder or SOURCE.parent / "build" / variant
    folder.mkdir(parents=True, exist_ok=True)
    jobs = f"-j{os.cpu_count() or 1}"
    words = ["make", "-C", str(SOURCE), jobs, f"VARIANT={variant}", f"BUILD={folder}", f"PYTHON={sys.executable}"]
    # One at a time: two that build into the same folder write over each other.
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0 or "warning:" in done.stderr:
        raise OSError(f"the {variant} build failed:\n{done.stderr.strip()}")
    return folder
