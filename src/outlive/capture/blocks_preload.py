"""The recorder of native blocks: where it is, and the environment that loads it into a program.

Knows the variables that native/preload/ reads; refuses to start anything. What the program may say to it is in
docs/explanation/native-blocks.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from outlive import _core
from outlive.errors import OutliveError

EXACT, SAMPLED = "exact", "sampled"
GUARD_FULL, GUARD_SAMPLED = "full", "sampled"


class NoRecorder(OutliveError):
    """The recorder cannot be loaded into a program here."""

    slug = "no-block-recorder"


def recorder() -> Path:
    """The shared object to preload. Raises NoRecorder where this installation has none."""
    path = Path(_core.__file__).with_name("_blocks.so")
    if not path.exists():
        raise NoRecorder(
            "this installation of Outlive has no recorder of native blocks",
            why=f"{path} does not exist",
            hint="install Outlive from a wheel, or build it where CMake and a C compiler are",
        )
    return path


def block_environment(
    base: Mapping[str, str],
    *,
    mode: str = EXACT,
    limit_bytes: int = 512 << 20,
    folder: Path | None = None,
    sample_bytes: int = 512 << 10,
    words_fd: int | None = None,
    look_signal: int | None = None,
    guard: str | None = None,
    guard_bytes: int = 64 << 20,
    guard_rate: int = 2000,
    why_lost: bool | Path | Literal["notes"] = False,
) -> dict[str, str]:
    """`base` and what loads the recorder into the program that gets it, and into that program's children.

    `why_lost`: follow blocks to the event that loses them, in exact mode; a file names those that an earlier run found
    lost (`capture.loss_events.origins_of`), and these go first. "notes": only keep who freed what pointed to them.
    `folder`: where looks at the end, on a signal and by a written word go; without one there are none of these.
    `guard`: "full" keeps what is freed, filled, up to `guard_bytes`; "sampled" gives one allocation in `guard_rate`
    pages of its own (docs/how-to/guard.md). What it finds goes to the folder too. Raises ValueError where these do not
    go together.
    """
    if guard is not None and (guard not in (GUARD_FULL, GUARD_SAMPLED) or folder is None):
        raise ValueError(f"not a guard, or one without a folder for what it finds: {guard!r}")
    if guard == GUARD_FULL and (mode != EXACT or guard_bytes <= 0):
        raise ValueError("the full guard must know every block: it goes with exact recording, and a bound above 0")
    if folder is not None and ("\n" in str(folder) or len(os.fsencode(folder)) >= 1024):
        raise ValueError(f"not a folder's name that the recorder can take: {str(folder)!r}")
    how = mode if mode == EXACT else f"{mode}:{sample_bytes}"
    settings = f"{how},{limit_bytes}" + ("" if folder is None else f",{folder}")
    preloaded = [str(recorder())] + [name for name in base.get("LD_PRELOAD", "").split(":") if name]
    environment = {**base, "LD_PRELOAD": ":".join(preloaded), "OUTLIVE_BLOCKS": settings}
    if guard is not None:
        environment["OUTLIVE_GUARD"] = f"{guard}:{guard_bytes if guard == GUARD_FULL else guard_rate}"
    if words_fd is not None:
        environment["OUTLIVE_BLOCKS_FD"] = str(words_fd)
    if look_signal is not None:
        environment["OUTLIVE_BLOCKS_SIGNAL"] = str(look_signal)
    if why_lost is not False:
        environment["OUTLIVE_WHY_LOST"] = str(why_lost.absolute()) if isinstance(why_lost, Path) else str(why_lost)
    return environment
