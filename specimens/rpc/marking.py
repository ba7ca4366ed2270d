"""Marks an end report, as `outlive run --json` writes it: was the fault found, and was its cause named?

Knows the report's JSON and what is true of a fault; runs nothing. Only a leftover that is held from a root and not
called harmless accuses anybody. An accusation where nothing leaks is wrong, and so is silence about a leak; silence
about a cycle or about something in flight is not wrong, for it may have gone before anybody looked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from specimens.rpc.faults import Expected

HELD = "held from a root"
ANSWERS = {
    Expected.LEAK: HELD,
    Expected.CYCLE: "collectable cycle",
    Expected.IN_FLIGHT: "in flight",
    Expected.HARNESS: "held by the harness",
}


@dataclass(frozen=True)
class Row:
    """One line of the table. `found` and `cause` are "yes", "no", "silent" or "-" (not asked)."""

    fault: str
    seed: str
    expected: str
    said: str
    found: str
    cause: str
    wrong: bool
    seconds: float = 0.0


def mark(report: dict[str, Any], expected: Expected, cause: tuple[str, ...]) -> tuple[str, str, str, bool]:
    """What was said, whether it was found, whether the cause was named, and whether any of it is wrong."""
    leftovers: list[dict[str, Any]] = report.get("leftovers", [])
    accused = [one for one in leftovers if one["answer"] == HELD and not one.get("harmless")]
    if report.get("verdict") == "could not tell":
        return _said(report, leftovers), "no", "-", True
    if expected is Expected.NOTHING:
        return _said(report, accused), "no" if accused else "silent", "-", bool(accused)
    told = accused if expected is Expected.LEAK else [one for one in leftovers if one["answer"] == ANSWERS[expected]]
    said = _said(report, accused or told)
    named = any(_names(one, cause) for one in told)
    word = ("yes" if named else "no") if told and cause else "-"
    if expected is Expected.LEAK:
        return said, "yes" if told else "no", word, not (told and named)
    return said, "yes" if told else "no" if accused else "silent", word, bool(accused)


def _said(report: dict[str, Any], leftovers: list[dict[str, Any]]) -> str:
    if not leftovers:
        return str(report.get("verdict", "nothing"))
    first = leftovers[0]
    more = f" (and {len(leftovers) - 1} more)" if len(leftovers) > 1 else ""
    return f"{first['answer']}: {first['sentence']}{more}"


def _names(leftover: dict[str, Any], cause: tuple[str, ...]) -> bool:
    """Whether one leftover's own words contain one of each group."""
    words = "\n".join(_texts(leftover))
    return all(re.search(group, words) for group in cause)


def _texts(value: Any) -> list[str]:
    """Every text in it."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


def mark_node(counts: dict[str, Any], expected: Expected, cause: tuple[str, ...]) -> tuple[str, str, str, bool]:
    """The same for the counts of `js/gauntlet.mjs`. Outlive looks at Python; here Node's own counts are the answer."""
    kinds = {**counts["resources"], **({"listeners": counts["listeners"]} if counts["listeners"] else {})}
    left = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    said = f"Node counts {counts['alive']} of {counts['cycles']} alive{''.join(', ' + one for one in left)}"
    leaks = counts["alive"] > counts["cycles"] // 10 or any(count >= counts["cycles"] for count in kinds.values())
    if expected is not Expected.LEAK:
        return said, "no" if leaks else "silent", "-", leaks
    named = all(re.search(group, said) for group in cause)
    return said, "yes" if leaks else "no", ("yes" if named else "no") if cause else "-", not (leaks and named)
