"""Runs every switch under Outlive and prints a table: found? the right root cause named? And the right system: silence.

Each row is a program of its own, `outlive run … -- python -m specimens.rpc soak …`, so that no fault sees another's
leftovers. JavaScript rows run Node against a server of ours; without Node or the `ws` package they say so.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from specimens.rpc.faults import BY_ID, FAULTS, Expected, Fault, this_python
from specimens.rpc.marking import Row, mark, mark_node

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATIENCE_S = 900
NODE_CYCLES = 91
SOAK = ("--no-census",)
LOOKS = "looks"
"""Every soak is looked at twice, right after its last close and at its end: most of these mistakes matter while a
program runs, and at the end of a loop or of a server many of them are gone."""

RIGHT = {
    "right": (),
    "right-race": ("--race",),
    "right-in-memory-race": ("--in-memory", "--race"),
    "right-old-server": ("--old-server",),
}


def run(only: Sequence[str], cycles: int, right_cycles: int, javascript: bool) -> list[Row]:
    """The rows that are wanted; each is told on stderr when it is done. Raises `OSError` for an unknown name."""
    unknown = set(only) - {*BY_ID, *RIGHT, "js-right"}
    if unknown:
        raise OSError(f"no switch {', '.join(sorted(unknown))}; `faults` lists them")
    rows = []
    for row in _rows(cycles, right_cycles, javascript, set(only)):
        print(f"{row.fault}: {row.said} ({row.seconds:.0f} s)", file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def _rows(cycles: int, right_cycles: int, javascript: bool, only: set[str]) -> Iterator[Row]:
    for fault in FAULTS:
        if not fault.in_javascript and (not only or fault.id in only):
            yield _python_row(fault, cycles)
    for name, options in RIGHT.items():
        if not only or name in only:
            yield _right_row(name, right_cycles if name == "right" else cycles, options)
    wanted = [fault for fault in FAULTS if fault.in_javascript and (not only or fault.id in only)]
    if javascript and (wanted or "js-right" in only):
        yield from _node_rows(wanted, not only or "js-right" in only)


def _python_row(fault: Fault, cycles: int) -> Row:
    expected = fault.expected_on(this_python())
    options = ("--cycles", str(cycles), *SOAK, "--faults", fault.id, *fault.drive)
    return _watched(fault.id, fault.seed, expected, fault.cause, options)


def _right_row(name: str, cycles: int, options: Sequence[str]) -> Row:
    options = ("--cycles", str(cycles), *SOAK, *options)
    return _watched(f"{name} × {cycles}", "-", Expected.NOTHING, (), options)


def _watched(name: str, seed: str, expected: Expected, cause: tuple[str, ...], options: Sequence[str]) -> Row:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        asking = ("--ask", str(Path(folder) / LOOKS))
        report = outlive_run([sys.executable, "-m", "specimens.rpc", "soak", *options, *asking], Path(folder))
    said, found, named, wrong = mark(report, expected, cause)
    return Row(name, seed, expected.value, said, found, named, wrong, time.monotonic() - began)


def outlive_run(command: Sequence[str], folder: Path) -> dict[str, Any]:
    """The end report of a command; one that could not tell, with the reason, when there is none. Fills `folder`."""
    file = folder / "end.json"
    watching = [sys.executable, "-m", "outlive", "run", "--json", str(file), "--output", str(folder / LOOKS)]
    watching += ["--contracts", str(HERE / "outlive.toml"), "--", *command]
    try:
        done = subprocess.run(watching, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return _could_not(f"no end within {PATIENCE_S} s")
    if not file.exists():
        return _could_not(f"no report (exit {done.returncode}): {done.stderr.strip()[-300:]}")
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if done.returncode != 0:
        return _could_not(f"the soak failed ({done.returncode}): {done.stderr.strip()[:300]}")
    return report


def _could_not(why: str) -> dict[str, Any]:
    return {
        "verdict": "could not tell",
        "leftovers": [{"answer": "could not tell", "sentence": why, "harmless": True}],
    }


def _node_rows(faults: Sequence[Fault], right: bool) -> Iterator[Row]:
    node = shutil.which("node")
    if node is None or not (HERE / "js" / "node_modules" / "ws").is_dir():
        why = "node is not installed" if node is None else "run `npm install` in specimens/rpc/js"
        yield Row("javascript", "H10-H12", "-", f"not run: {why}", "-", "-", False)
        return
    with _server() as url:
        if right:
            yield _node_row(node, url, Fault("js-right", "H10-H12", "", Expected.NOTHING))
        for fault in faults:
            yield _node_row(node, url, fault)


def _node_row(node: str, url: str, fault: Fault) -> Row:
    began = time.monotonic()
    row = Row(fault.id, fault.seed, fault.expected.value, "", "no", "-", True)
    try:
        said, found, named, wrong = mark_node(count_node(node, url, fault), fault.expected, fault.cause)
    except (subprocess.SubprocessError, ValueError) as error:
        return replace(row, said=f"Node failed: {error}", seconds=time.monotonic() - began)
    return replace(row, said=said, found=found, cause=named, wrong=wrong, seconds=time.monotonic() - began)


def count_node(node: str, url: str, fault: Fault, cycles: int = NODE_CYCLES) -> dict[str, Any]:
    """What Node counts after so many connects and disconnects of the JavaScript client with this fault."""
    script = str(HERE / "js" / "gauntlet.mjs")
    words = [node, "--expose-gc", script, url, "--cycles", str(cycles)]
    if fault.expected is Expected.LEAK:
        words += ["--faults", fault.id]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


@contextmanager
def _server() -> Iterator[str]:
    """A server of its own process; gives its URL."""
    words = [sys.executable, "-m", "specimens.rpc", "serve"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def table(rows: Sequence[Row]) -> str:
    """The rows for a reader: what was said is cut where it is long, and stands whole in `--json`."""
    head = Row("fault", "seed", "expected", "what Outlive said", "found?", "cause?", False)
    lines = [_line(head), "-" * 150, *map(_line, rows)]
    wrong = sum(row.wrong for row in rows)
    version = ".".join(map(str, this_python()))
    return "\n".join([*lines, "", f"{len(rows) - wrong} of {len(rows)} right on Python {version}"])


def _line(row: Row) -> str:
    said = row.said if len(row.said) <= 68 else row.said[:67] + "…"
    sign = "  WRONG" if row.wrong else ""
    return f"{row.fault:26}{row.seed:9}{row.expected:23}{said:70}{row.found:8}{row.cause:8}{sign}".rstrip()
