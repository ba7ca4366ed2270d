"""Where the witnesses of one finding contradict each other: in the class of the loss, or in its amount.

Who looked at less contradicts nobody: a recorder of allocations knows no classes, and a static analyser no amounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlive.imports.figures import together
from outlive.model.imported import LOSSES, Loss, Witness

_JUDGING = (Loss.DEFINITE, Loss.INDIRECT, Loss.POSSIBLE, Loss.REACHABLE)


def disagreements(witnesses: Sequence[Witness]) -> tuple[str, ...]:
    """Sentences; () where all agree."""
    seen = [one for one in witnesses if one.seen]
    return tuple(one for one in (_classes(seen), _amounts(seen)) if one)


def _classes(witnesses: Sequence[Witness]) -> str:
    """The surest class that each tool gives."""
    by_tool: dict[str, Loss] = {}
    for one in witnesses:
        told = [amount.loss for amount in one.amounts if amount.loss in _JUDGING]
        if told:
            surest = min(told, key=LOSSES.index)
            by_tool[one.tool] = min(by_tool.get(one.tool, surest), surest, key=LOSSES.index)
    if len(set(by_tool.values())) < 2:
        return ""
    return "they disagree on the class: " + ", ".join(f"{tool} says {loss.value}" for tool, loss in by_tool.items())


def _amounts(witnesses: Sequence[Witness]) -> str:
    """Compared between tools only: two runs of one tool may well differ."""
    by_tool: dict[str, set[tuple[int, int]]] = {}
    everything: dict[str, set[tuple[int, int]]] = {}
    for one in witnesses:
        lost = _sum(one, (Loss.DEFINITE, Loss.INDIRECT))
        whole = _sum(one, LOSSES)
        if whole != (-1, -1):
            by_tool.setdefault(one.tool, set()).add(lost if lost != (-1, -1) else whole)
            everything.setdefault(one.tool, set()).add(whole)
    tools = sorted(by_tool)
    differ = [
        (one, other)
        for at, one in enumerate(tools)
        for other in tools[at + 1 :]
        if not by_tool[one] & by_tool[other] and not everything[one] & everything[other]
    ]
    if not differ:
        return ""
    told = ", ".join(f"{tool} says {_said(min(by_tool[tool]))}" for tool in tools)
    return f"they disagree on the amount: {told}"


def _sum(witness: Witness, losses: Sequence[Loss]) -> tuple[int, int]:
    mine = [one for one in witness.amounts if one.loss in losses]
    return together([one.count for one in mine]), together([one.bytes for one in mine])


def _said(amount: tuple[int, int]) -> str:
    count, size = amount
    parts = [f"{size:,} bytes" if size >= 0 else "", f"{count:,}" if count >= 0 else ""]
    return " in ".join(one for one in parts if one)
