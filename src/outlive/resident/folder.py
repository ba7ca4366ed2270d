"""The parent's end: the private folder of a run, the environment that carries us in, and what the watched side told.

Knows paths and files; starts nothing. The folder is 0700 and holds: `orders` and `asked` (written here), `claim`,
`status`, `ending` (written there, a line each), and the looks.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import outlive
from outlive import _core
from outlive.errors import MeasureError, UsageError
from outlive.resident import orders as asked

VARIABLE = "OUTLIVE_RUN"  # as in `boot/sitecustomize.py`, which must stand alone
BOOT = Path(__file__).resolve().parent / "boot"
_LOOKS = "look-*"
_MOST = 64 * 1024


@dataclass(frozen=True)
class Told:
    """What the first Python of the command said of itself. `state`: "watching", "other-python", "failed", or ""
    where none has said anything. `raised` is the type of the exception that ended the program."""

    state: str = ""
    pid: int = 0
    python: str = ""
    executable: str = ""
    error: str = ""
    raised: str = ""


class RunFolder:
    """A folder for one run: the user's own, which stays, or one of ours, which goes unless it is kept."""

    def __init__(self, wanted: Path | None) -> None:
        """Make it. Raises UsageError where that cannot be, or where looks of another run lie."""
        self.stays = wanted is not None
        try:
            if wanted is None:
                self.path = Path(tempfile.mkdtemp(prefix="outlive-run-"))
            else:
                wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.path = wanted.resolve()
        except OSError as error:
            raise UsageError(f"cannot make a folder for the run: {error}", hint="-o a folder of your own") from None
        _refuse_unfit(self.path)

    def give_orders(self, orders: asked.Orders) -> None:
        """Write what the watched side will read. Raises UsageError where the folder cannot be written."""
        package = list(dict.fromkeys([*outlive.__path__, os.path.dirname(_core.__file__ or "")]))
        package.sort(key=lambda folder: not os.path.exists(os.path.join(folder, "__init__.py")))
        lines = [f"build={sys.implementation.cache_tag}{sys.abiflags}", f"paths={os.pathsep.join(package)}"]
        try:
            asked.write(orders, str(self.path))
            (self.path / "orders").write_bytes(os.fsencode("\n".join(lines)))
        except OSError as error:
            raise UsageError(f"cannot write into {self.path}: {error.strerror}", hint="-o another folder") from None

    def environment(self, of: Mapping[str, str]) -> dict[str, str]:
        """`of`, and the two words by which a Python finds us. Raises MeasureError where a path cannot be said."""
        if os.pathsep in str(BOOT):
            raise MeasureError(
                f"Outlive is installed in {BOOT.parent}, and PYTHONPATH cannot name a path with {os.pathsep!r}",
                hint="install it in another folder",
            )
        before = of.get("PYTHONPATH")
        said = "unset" if before is None else "set" if before else "empty"
        path = f"{BOOT}{os.pathsep}{before}" if before else str(BOOT)
        return {**of, "PYTHONPATH": path, VARIABLE: f"{said}:{self.path}"}

    def told(self) -> Told:
        rows = {**self._lines("status"), **self._lines("ending")}
        pid = rows.get("pid", "")
        return Told(
            state=rows.get("state", ""),
            pid=int(pid) if pid.isdecimal() else 0,
            python=rows.get("python", ""),
            executable=rows.get("executable", ""),
            error=rows.get("error", ""),
            raised=rows.get("raised", ""),
        )

    def newest_asked(self) -> str:
        """The newest look that somebody asked for while the program ran: its file's name, "" for none."""
        return self._lines("asked-for").get("look", "")

    def put_away(self) -> None:
        """Delete what nobody keeps; of a folder that stays, only the notes between the two sides."""
        if not self.stays:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        for name in ("orders", "asked", "claim", "status", "ending", "asked-for"):
            (self.path / name).unlink(missing_ok=True)

    def _lines(self, name: str) -> dict[str, str]:
        try:
            with (self.path / name).open("rb") as file:
                text = file.read(_MOST).decode("utf-8", "replace")
        except OSError:
            return {}
        return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)


def _refuse_unfit(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write into {path}: it is not yours to write", hint="-o another folder")
    status = path.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise UsageError(
            f"{path} can be written by others",
            why="the watched program takes its orders from this folder",
            hint=f"chmod go-w {path}",
        )
    if any(path.glob(_LOOKS)) or (path / "claim").exists():
        raise UsageError(f"{path} holds the looks of another run", hint="-o a new or an empty folder")


def describe(told: Told, command: Sequence[str]) -> MeasureError | None:
    """Why the command was not watched, in words for a person; None where it was."""
    if told.state == "watching":
        return None
    if told.state == "other-python":
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return MeasureError(
            f"not watched: {told.executable} is Python {told.python}, and this Outlive is installed for {here}",
            why="its native core is built for one version of Python; the program ran as it is, unwatched",
            hint=f"{told.executable} -m pip install outlive, and then  {told.executable} -m outlive run -- …",
        )
    if told.state == "failed":
        return MeasureError(
            f"not watched: the watching could not begin ({told.error})",
            why="the program ran as it is, unwatched",
            hint="report it, with the line above",
        )
    return MeasureError(
        f"not watched: {command[0]} started no Python that lets itself be watched",
        why="it is no Python program, or Python was started with -I, -E or -S, which read no PYTHONPATH or no site",
        hint="outlive run -- python app.py, without these options; or, for native memory, outlive run --native -- …",
    )
