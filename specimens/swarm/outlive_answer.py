"""Runs a program under `outlive run --json FILE -- …` and reads the report (schema outlive.native/1).

The event of a loss is what the report names as the place where the last pointer went; where the lost memory is a handle
of libuv's, it is also where that was stopped or closed wrongly.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from specimens.swarm.answer import Answer, Frame, Harm, Lost, Stack
from specimens.swarm.building import SOURCE

SCHEMA = "outlive.native/1"
ASKED = (("--why-lost", "--guard"), ("--guard",), ("--why-lost",), ())
USAGE = 2
KINDS = {"double-free": "double free", "stack-overflow": "recursion"}


def missing() -> str:
    """What this installation lacks."""
    from outlive.capture.blocks_preload import recorder
    from outlive.errors import OutliveError

    try:
        recorder()
    except OutliveError as error:
        return error.what
    return ""


def answer(words: Sequence[str], folder: Path, timeout_s: float) -> Answer:
    """With everything that can be asked of this recorder."""
    report = folder / "outlive.json"
    for asked in ASKED:
        command = [sys.executable, "-m", "outlive", "run", *asked, "--json", str(report), "--", *words]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout_s)
        if report.exists() or done.returncode != USAGE:
            break
    try:
        return read(json.loads(report.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        told = [line for line in done.stderr.splitlines() if line.startswith("outlive: ")]
        return Answer(failed=f"no report: {told[-1] if told else done.returncode}")


def read(report: dict[str, Any]) -> Answer:
    if report.get("schema") != SCHEMA:
        return Answer(failed=f"a report of another schema: {report.get('schema')}")
    lost = tuple(one for loss in report["losses"] for one in _lost(loss, report["handles"]))
    harm = tuple(Harm(KINDS.get(use["kind"], use["kind"]), _harmed(use)) for use in report["broken"])
    if report["end"]["how"] == "crashed" and not harm:
        harm = (Harm(report["end"]["words"], ()),)
    silent = not lost and not harm and not report["handles"]
    failed = report["reason"] if silent and report["verdict"] == "could not tell" else ""
    return Answer(lost, harm, failed)


def _lost(loss: dict[str, Any], handles: Sequence[dict[str, Any]]) -> Iterator[Lost]:
    """By part where it has parts, with what they leave out."""
    category = loss["category"] if loss.get("when_known", True) else ""
    parts, size, blocks = loss["parts"] or [loss], _size(loss), _blocks(loss)
    for part in parts:
        yield Lost(_size(part), _blocks(part), _stack(part["made"]), _events(loss, part, handles), category)
        size, blocks = size - _size(part), blocks - _blocks(part)
    if size:
        yield Lost(size, blocks, _stack(loss["made"]), _events(loss, loss, handles), category)


def _size(loss: dict[str, Any]) -> int:
    return int(loss["bytes"]) + int(loss["under_bytes"])


def _blocks(loss: dict[str, Any]) -> int:
    return int(loss["count"]) + int(loss["under_count"])


def _events(loss: dict[str, Any], part: dict[str, Any], handles: Sequence[dict[str, Any]]) -> tuple[Stack, ...]:
    found = [_stack(event["at"]) for event in loss["events"]]
    maker = _own(_stack(part["made"]))[:1]
    for handle in handles:
        if handle["made"] and _own(_stack(handle["made"]))[:1] == maker:
            found += [_stack(handle[call]) for call in ("closed", "stopped") if handle.get(call)][:1]
    return tuple(dict.fromkeys(found))


def _own(stack: Stack) -> Stack:
    return tuple(frame for frame in stack if frame.file)


def _harmed(use: dict[str, Any]) -> Stack:
    """Where the harm was done, and what led to it; not who made the block."""
    calls = [_stack(call) for role, call in reversed(use["calls"]) if role != "made"]
    return tuple(frame for stack in calls for frame in stack)


def _stack(call: dict[str, Any]) -> Stack:
    return tuple(Frame(frame["function"], _file(frame["file"])) for frame in call["frames"])


def _file(path: str) -> str:
    return Path(path).name if SOURCE in Path(path).parents else ""
