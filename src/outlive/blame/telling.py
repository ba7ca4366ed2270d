"""The words of blame: what was left, how many, where it was made, who keeps it, what to do.

One text for a test's own failure and for what is only known later; no terminal, no colours, nothing to measure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outlive.blame.lives import Life, Thing


@dataclass(frozen=True)
class Kind:
    """`word` is what `@pytest.mark.outlives` calls it; `one` and `many` are for sentences; `advice` says what to do."""

    word: str
    one: str
    many: str
    advice: str


KINDS: dict[str, Kind] = {
    "task": Kind("tasks", "pending asyncio task", "pending asyncio tasks", "await it, or cancel it and await that"),
    "timer": Kind("timers", "timer", "timers", "cancel the handle that call_later or call_at gave"),
    "generator": Kind(
        "generators", "async generator", "async generators", "use contextlib.aclosing() or await aclose()"
    ),
    "transport": Kind("transports", "open transport", "open transports", "close it and wait until it is closed"),
    "thread": Kind("threads", "running thread", "running threads", "tell it to stop, then join() it"),
    "executor": Kind("executors", "executor", "executors", "use it in a `with` block, or call shutdown()"),
    "child": Kind("children", "child process", "child processes", "terminate it, then wait() for it"),
    "socket": Kind("sockets", "open socket", "open sockets", "close it, best in a `with` block"),
    "file": Kind("files", "open file", "open files", "close it, best in a `with` block"),
    "fd": Kind("fds", "open descriptor", "open descriptors", "close it"),
    "temp-file": Kind("temp-files", "temporary file", "temporary files", "remove it, or make it below tmp_path"),
    "handler": Kind("handlers", "logging handler", "logging handlers", "removeHandler() where it was added"),
    "loop": Kind("loops", "event loop never closed", "event loops never closed", "close it, or use asyncio.run()"),
    "coroutine": Kind("coroutines", "coroutine never awaited", "coroutines never awaited", "await it"),
}
_EXAMPLES = 5
_INDEX = re.compile(r"\[\d+\]")


def blame(life: Life, things: Sequence[Thing], since: str = "") -> str:
    """The whole text for one life; `since`: when it was told, if not at its end."""
    rows = []
    groups = _grouped(things)
    total = ", ".join(_counted(kind, sum(len(g) for k, _, g in groups if k == kind)) for kind in _order(groups))
    whose = "the test" if life.kind == "test" else f"the {life.kind}"
    rows.append(f"outlive: {whose} {life.name} left {total} behind" + (f", {since}" if since else ""))
    for kind, where, group in groups:
        rows += _group(life, kind, where, group)
    words = sorted({KINDS[kind].word for kind, _, _ in groups})
    allowed = ", ".join(f'"{word}"' for word in words)
    if life.kind == "test":
        rows.append(f"  if it is meant to stay: @pytest.mark.outlives({allowed})")
    return "\n".join(rows)


def shared(life: Life, thing: Thing) -> str:
    """A line for what is told and blamed on nobody."""
    return f"{thing.what}: made in {life.name}, {thing.held}"


def _group(life: Life, kind: str, where: str, group: Sequence[Thing]) -> list[str]:
    advice = KINDS[kind].advice
    rows = [f"  {_counted(kind, len(group))}" + (f", {where}" if where else "")]
    rows += [f"      {thing.what}" for thing in group[:_EXAMPLES]]
    if len(group) > _EXAMPLES:
        rows.append(f"      and {len(group) - _EXAMPLES} more")
    held = {_INDEX.sub("[]", thing.held): thing.held for thing in reversed(group) if thing.held}
    rows += [f"    {words}" for words in sorted(held.values())[:_EXAMPLES]]
    makers = sorted({thing.maker.name for thing in group if thing.maker is not None and thing.maker is not life})
    rows += [f"    made while {name} ran, and kept by the fixture until its end" for name in makers[:_EXAMPLES]]
    rows.append(f"    to do: {advice}")
    return rows


def _grouped(things: Sequence[Thing]) -> list[tuple[str, str, list[Thing]]]:
    groups: dict[tuple[str, str], list[Thing]] = {}
    for thing in things:
        groups.setdefault((thing.kind, thing.where), []).append(thing)
    order = list(KINDS)
    return [(kind, where, group) for (kind, where), group in sorted(groups.items(), key=lambda g: order.index(g[0][0]))]


def _order(groups: Sequence[tuple[str, str, list[Thing]]]) -> list[str]:
    return list(dict.fromkeys(kind for kind, _, _ in groups))


def _counted(kind: str, count: int) -> str:
    return f"1 {KINDS[kind].one}" if count == 1 else f"{count} {KINDS[kind].many}"
