"""All probes by the figures that they give: which figure comes from where, in which unit, at what cost.

The one place that knows every probe. It is for whoever chooses figures by name; code inside a watched program imports
the probe that it needs and not this file, which needs dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from outlive.errors import UsageError
from outlive.model.figures import Figure
from outlive.probes import (
    blocks,
    children,
    faults,
    fds,
    gc_objects,
    interpreters,
    mappings,
    memory,
    native_heap,
    tasks,
    temp_files,
    threads,
    uss,
)
from outlive.probes.declaration import Probe


@dataclass(frozen=True)
class Source:
    """One probe: its declaration, the figures that one reading of it gives, and how to read it."""

    probe: Probe
    figures: tuple[Figure, ...]
    read: Callable[[int | None], dict[str, int]]


SOURCES: tuple[Source, ...] = (
    Source(
        memory.PROBE,
        (
            Figure("vm_size", "VmSize", "KB"),
            Figure("vm_rss", "VmRSS", "KB"),
            Figure("vm_data", "VmData", "KB"),
            Figure("vm_peak", "VmPeak", "KB"),
            Figure("vm_hwm", "VmHWM", "KB"),
            Figure("vm_swap", "VmSwap", "KB"),
        ),
        memory.read,
    ),
    Source(uss.PROBE, (Figure("uss", "USS", "KB"), Figure("pss", "PSS", "KB")), uss.read),
    Source(faults.PROBE, (Figure("minor_faults", "minor faults"), Figure("major_faults", "major faults")), faults.read),
    Source(mappings.PROBE, (Figure("mappings", "mappings"),), mappings.read),
    Source(
        fds.PROBE,
        (Figure("fds", "fds"), Figure("files", "files"), Figure("sockets", "sockets"), Figure("pipes", "pipes")),
        fds.read,
    ),
    Source(threads.PROBE, (Figure("threads", "threads"),), threads.read),
    Source(children.PROBE, (Figure("children", "children"), Figure("zombies", "zombies")), children.read),
    Source(temp_files.PROBE, (Figure("temp_files", "temp files"),), temp_files.read),
    Source(blocks.PROBE, (Figure("blocks", "blocks"),), blocks.read),
    Source(gc_objects.PROBE, (Figure("gc_objects", "gc objects"),), gc_objects.read),
    Source(native_heap.PROBE, (Figure("native_heap", "native heap", "B"),), native_heap.read),
    Source(tasks.PROBE, (Figure("tasks", "tasks"), Figure("timers", "timers")), tasks.read),
    Source(interpreters.PROBE, (Figure("interpreters", "interpreters"),), interpreters.read),
)

# Shown unless somebody chooses: what every process has and what costs next to nothing.
DEFAULT_FIGURES = ("vm_size", "vm_rss", "vm_data", "fds", "threads", "children")

FIGURES: dict[str, Figure] = {figure.name: figure for source in SOURCES for figure in source.figures}


def figure_named(name: str) -> Figure:
    """The figure that a person means by `name`: "vm_rss", "VmRSS" and "vm-rss" are one. Raises UsageError."""
    wanted = _plain(name)
    for figure in FIGURES.values():
        if _plain(figure.name) == wanted:
            return figure
    raise UsageError(f"there is no figure {name!r}", why=f"the figures are {', '.join(FIGURES)}")


def sources_of(names: Iterable[str]) -> list[Source]:
    """The sources that have to be read for these figures, each once, in the order of `SOURCES`."""
    wanted = set(names)
    return [source for source in SOURCES if any(figure.name in wanted for figure in source.figures)]


def refuse_unreachable(names: Iterable[str]) -> None:
    """Raise UsageError when one of these figures cannot be read of another process."""
    inside = [
        name
        for source in sources_of(names)
        if not source.probe.other_processes
        for name in names
        if name in {figure.name for figure in source.figures}
    ]
    if inside:
        raise UsageError(
            f"{' and '.join(inside)} can only be read inside the process itself",
            why="the interpreter keeps them; nothing outside shows them",
            hint=f"in that program:  with outlive.Tracker(figures={inside!r}) as t: …",
        )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
