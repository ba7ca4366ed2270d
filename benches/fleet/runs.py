"""One program run alone and under `outlive run`: what it was accused of, and whether it behaved as when alone."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.fleet.programs_of import Program

_LIMIT_S = 90.0
_IMPORTS = "import importlib.util as u, sys; sys.exit(any(u.find_spec(name) is None for name in sys.argv[1:]))"
# Modules are found by other names than packages are; PIL's is the one that differs by more than letters.
_MODULES = {"pillow": "PIL"}


@dataclass(frozen=True)
class Outcome:
    """`accused` are the leftovers that the report counts as leaks; `changed` says how the program's own behaviour
    differs from that of a run alone, "" for not at all."""

    accused: tuple[str, ...]
    mentioned: tuple[str, ...]
    verdict: str
    code: int | str
    changed: str
    trouble: str
    seconds_alone: float
    seconds_watched: float


def has_packages(python: str, program: Program) -> bool:
    modules = [_MODULES.get(name, name) for name in program.needs]
    return subprocess.run([python, "-c", _IMPORTS, *modules]).returncode == 0


def outcome(python: str, program: Program, *, faulty: bool) -> Outcome:
    command = program.command(python, faulty=faulty)
    alone = _run(command)
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        told, text = Path(folder, "end.json"), Path(folder, "end.txt")
        options = ["--json", str(told), "--report", str(text)]
        watched = _run([python, "-m", "outlive", "run", *options, "--", *command])
        report = json.loads(told.read_text()) if told.exists() else {}
        printed = text.read_text().rstrip("\n") if text.exists() else ""
    return Outcome(
        accused=tuple(_leftovers(report, harmless=False)),
        mentioned=tuple(_leftovers(report, harmless=True)),
        verdict=report.get("verdict", "none"),
        code=alone.code,
        changed=_difference(alone, watched, printed),
        trouble="; ".join(_troubles(report)) if report else _last_line(watched.err),
        seconds_alone=alone.seconds,
        seconds_watched=watched.seconds,
    )


@dataclass(frozen=True)
class _Run:
    code: int | str
    out: str
    err: str
    seconds: float


def _run(command: list[str]) -> _Run:
    """In a session and a folder of its own: what does not end is ended with all that it has started."""
    environment = {**os.environ, "FLEET_PORT": str(_free_port()), "PYTHONHASHSEED": "0"}
    pipe = subprocess.PIPE
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="fleet-cwd-") as folder,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace", cwd=folder,
            env=environment, start_new_session=True,
        ) as running,
    ):  # fmt: skip
        try:
            out, err = running.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            out, err = running.communicate()
            return _Run("did not end", out, err, _LIMIT_S)
    code = running.returncode if running.returncode >= 0 else 128 - running.returncode
    return _Run(code, out, err, time.monotonic() - began)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _difference(alone: _Run, watched: _Run, printed: str) -> str:
    found = []
    if alone.code != watched.code:
        found.append(f"exit {alone.code} → {watched.code}")
    if alone.out != watched.out:
        found.append("stdout")
    own = watched.err.rstrip("\n").removesuffix(printed) if printed else watched.err
    if _steady(alone.err) != _steady(own):
        found.append(f"stderr: {_steady(alone.err)[-300:]!r} → {_steady(own)[-300:]!r}")
    return ", ".join(found)


def _steady(text: str) -> str:
    """Without what differs from one run to the next: addresses, ports, process ids, times."""
    return re.sub(r"0x[0-9a-f]+|\d+", "N", text).strip()


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _leftovers(report: dict[str, Any], *, harmless: bool) -> Iterator[str]:
    for one in report.get("leftovers", ()):
        counts = one["answer"] == "held from a root" and not one["harmless"]
        if counts != harmless:
            yield f"{one['count']} {one['kind']} {one['type']} [{one['problem']}, {one['category']}] {one['sentence']}"


def _troubles(report: dict[str, Any]) -> Iterator[str]:
    for note in report.get("notes", ()):
        words = note.get("text") or note.get("words") or str(note)
        if "there is no module" not in words:
            yield words
    if report.get("verdict") not in ("leak", "no leak"):
        yield str(report.get("reason"))
