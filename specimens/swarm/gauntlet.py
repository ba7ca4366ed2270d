"""Runs every switch, and the right program, under every tool, and prints a table of who was right about what.

Every run is a program and a world of its own. What the truth is stands in faults.toml; how answers are marked, in
marking.py.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from specimens.swarm import building, heaptrack, outlive_answer, sanitizers, valgrind
from specimens.swarm.answer import Answer
from specimens.swarm.faults import FAULTS, Fault
from specimens.swarm.marking import Mark, mark, mark_right
from specimens.swarm.world import FETCH_OPTIONS, World

PATIENCE_S = 120.0
RIGHT = ("right", "right-tests")


@dataclass(frozen=True)
class Tool:
    """A way to watch a program: which build it needs, how it answers, and what it lacks here."""

    name: str
    variant: str
    answer: Callable[[Sequence[str], Path, float], Answer]
    missing: Callable[[], str]


TOOLS = (
    Tool("lsan", "lsan", sanitizers.answer, lambda: ""),
    Tool("asan", "asan", sanitizers.answer, lambda: ""),
    Tool("valgrind", "plain", valgrind.answer, valgrind.missing),
    Tool("heaptrack", "plain", heaptrack.answer, heaptrack.missing),
    Tool("outlive", "plain", outlive_answer.answer, outlive_answer.missing),
)
BY_NAME = {tool.name: tool for tool in TOOLS}


@dataclass(frozen=True)
class Row:
    """One switch under one tool."""

    switch: str
    seed: str
    tool: str
    mark: Mark
    seconds: float = 0.0


def run(tools: Sequence[str], only: Sequence[str]) -> list[Row]:
    """The rows that are wanted, each told on stderr when it is done. Raises `OSError` for an unknown name, or where
    a build fails."""
    unknown = [*(set(tools) - set(BY_NAME)), *(set(only) - {*RIGHT, *(fault.switch for fault in FAULTS)})]
    if unknown:
        raise OSError(f"no tool or switch {', '.join(sorted(unknown))}")
    rows = []
    for name in tools:
        for row in _rows(BY_NAME[name], set(only)):
            print(f"{row.tool}: {row.switch}: {row.mark.said} ({row.seconds:.1f} s)", file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def _rows(tool: Tool, only: set[str]) -> Iterator[Row]:
    missing = tool.missing()
    folder = Path() if missing else building.build(tool.variant)
    cases: list[tuple[str, Fault | None]] = [(name, None) for name in RIGHT]
    cases += [(fault.switch, fault) for fault in FAULTS]
    for switch, fault in cases:
        if only and switch not in only:
            continue
        if missing:
            yield Row(switch, fault.seed if fault else "-", tool.name, Mark(missing, missing))
        else:
            yield _row(tool, folder, switch, fault)


def _row(tool: Tool, folder: Path, switch: str, fault: Fault | None) -> Row:
    began = time.monotonic()
    row = Row(switch, fault.seed if fault else "-", tool.name, Mark(f"no end within {PATIENCE_S:.0f} s"))
    try:
        answer = watch(tool, folder, fault, tests=switch == RIGHT[1])
        row = replace(row, mark=mark(answer, fault) if fault else mark_right(answer))
    except subprocess.TimeoutExpired:
        pass
    return replace(row, seconds=time.monotonic() - began)


def watch(tool: Tool, built: Path, fault: Fault | None, tests: bool = False) -> Answer:
    """What the tool says of one run of the program with this fault, or of the right one."""
    switch = ["--fault", fault.switch] if fault else []
    with tempfile.TemporaryDirectory() as folder:
        if tests or (fault and fault.program == "tests"):
            return tool.answer([str(built / "swarm-tests"), *switch], Path(folder), PATIENCE_S)
        with World() as world:
            fetch = [str(built / "swarm"), "fetch", str(world.metafile), "-o", str(Path(folder) / "fetched")]
            return tool.answer([*fetch, *FETCH_OPTIONS, *switch], Path(folder), PATIENCE_S)


def as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def table(rows: Sequence[Row]) -> str:
    """One line for each switch and tool, and what each tool got right in all."""
    head = Row("fault", "seed", "tool", Mark("what it said", "found", "figure", "allocation", "event", "phase"))
    lines = [_line(head), "-" * 132]
    # By switch: the tools stand below each other.
    switches = list(dict.fromkeys(row.switch for row in rows))
    lines += [_line(row) for switch in switches for row in rows if row.switch == switch]
    return "\n".join([*lines, "", *map(_sum, dict.fromkeys(row.tool for row in rows), _by_tool(rows))])


def _line(row: Row) -> str:
    mark = row.mark
    words = f"{mark.found:9}{mark.figure:8}{mark.allocation:12}{mark.event:10}{mark.phase}"
    return f"{row.switch:26}{row.seed:6}{row.tool:11}{mark.said[:39]:41}{words}".rstrip()


def _by_tool(rows: Sequence[Row]) -> Iterator[list[Row]]:
    for tool in dict.fromkeys(row.tool for row in rows):
        yield [row for row in rows if row.tool == tool]


def _sum(tool: str, rows: Sequence[Row]) -> str:
    if BY_NAME[tool].missing():
        return f"{tool}: {BY_NAME[tool].missing()}"
    right = [row for row in rows if row.switch in RIGHT]
    faults = [row for row in rows if row.switch not in RIGHT]
    silent = f"silent on {_count(right, 'found')} of {len(right)} right programs; " if right else ""
    answers = ", ".join(
        f"{question} {_count(faults, question)} of {sum(getattr(row.mark, question) != '-' for row in faults)}"
        for question in ("found", "figure", "allocation", "event", "phase")
    )
    return f"{tool}: {silent}{answers} ({sum(row.seconds for row in rows):.0f} s)"


def _count(rows: Sequence[Row], question: str) -> int:
    return sum(getattr(row.mark, question) == "yes" for row in rows)
