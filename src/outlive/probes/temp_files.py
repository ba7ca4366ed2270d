"""Files that a process leaves in its temporary folders.

Nothing in the system records who made a file. Two questions can be answered, and they are kept apart:

- `count_in(folders)`: how many entries lie there now. Exact evidence where the folder belongs to one program alone,
  as the private TMPDIR does that `outlive check` gives to a scenario.
- `made_by(pid)`: what looks like that process's: open in it, or owned by its user and changed since it began. In a
  shared /tmp another program of the same user looks the same; so this is a hint, never a verdict.
"""

from __future__ import annotations

import os
import sys

from outlive.probes import fds, procfs
from outlive.probes.declaration import PER_ITEM, Probe
from outlive.probes.row import Row

PROBE = Probe(
    "temp_files",
    counts="files and folders in the temporary folders that look like the process's own",
    cost=PER_ITEM,
    observer_effect="lists the temporary folders; sets their access time where the mount keeps one",
    other_processes=True,
    on_demand=True,
)

_MOST_ENTRIES = 100_000  # a bound on one reading: beyond it the count says no more than "too many"
_USUAL = ("/tmp", "/var/tmp")


class TempFile(Row):
    """One file or folder. `is_open`: the process holds a descriptor to it; else only owner and time speak for it."""

    __slots__ = ("is_open", "path")
    path: str
    is_open: bool

    def __init__(self, path: str, is_open: bool) -> None:
        self._fill(is_open, path)


def read(pid: int | None = None) -> dict[str, int]:
    """`temp_files`: how many look like the process's own."""
    return {"temp_files": len(made_by(pid))}


def own_folders() -> list[str]:
    """Where this process makes temporary files: what `tempfile` has settled on if it is loaded, else TMPDIR, /tmp."""
    settled = getattr(sys.modules.get("tempfile"), "tempdir", None)
    if isinstance(settled, str):
        return [settled]
    return _folders_of(os.environ.get("TMPDIR"))


def count_in(folders: list[str]) -> int:
    """Entries below these folders, folders counted too, links not followed; stops counting at 100,000."""
    return len(_below(folders))


def made_by(pid: int | None = None) -> list[TempFile]:
    """What in the temporary folders looks like the process's own, sorted by path."""
    folders = own_folders() if pid is None else _folders_of(_environment(pid).get("TMPDIR"))
    root = "" if pid is None else _root_of(pid)
    opened = _open_in(pid, folders)
    owner = os.stat(procfs.folder(pid)).st_uid
    began_ns = _began_ns(pid)
    rows = {path: TempFile(path, True) for path in opened}
    for path, info in _below([root + folder for folder in folders]):
        path = path[len(root) :]
        if path not in rows and info.st_uid == owner and info.st_ctime_ns >= began_ns:
            rows[path] = TempFile(path, False)
    return [rows[path] for path in sorted(rows)]


def _folders_of(tmpdir: str | None) -> list[str]:
    return [tmpdir] if tmpdir else [folder for folder in _USUAL if os.path.isdir(folder)]


def _below(folders: list[str]) -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    waiting = list(folders)
    while waiting and len(found) < _MOST_ENTRIES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    try:
                        found.append((entry.path, entry.stat(follow_symlinks=False)))
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                    except OSError:
                        pass  # removed since the listing
        except OSError:
            pass  # removed, or another user's
    return found[:_MOST_ENTRIES]


def _open_in(pid: int | None, folders: list[str]) -> list[str]:
    """Paths in the folders that the process has open; a deleted one frees its space only when it is closed."""
    inside = tuple(f"{folder.rstrip('/')}/" for folder in folders)
    return sorted({row.target for row in fds.list_open(pid) if row.target.startswith(inside)})


def _environment(pid: int) -> dict[str, str]:
    pairs = procfs.read(pid, "environ", "the environment").split(b"\0")
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in (pair.partition(b"=") for pair in pairs)}


def _root_of(pid: int) -> str:
    """The prefix under which a process in a container keeps its files; none when it shares our root."""
    link = f"/proc/{pid}/root"
    try:
        return "" if os.path.samefile(link, "/") else link
    except OSError:
        return ""


def _began_ns(pid: int | None) -> int:
    """When the process began, on the clock that file times use; a tick early rather than late."""
    import time

    ticks = int(procfs.stat_fields(pid)[procfs.START_TICKS])
    boot_ns = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return boot_ns + (ticks - 1) * tick_ns
