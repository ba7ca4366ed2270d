"""Marks a check's JSON against what a case says is true. Pure: plain data in, a mark out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from case import Case

# In which counters a leak of a class shows, by the name that the reference measurement used. Where memory is lost by
# native code the same bytes may show in any of several counters, and each of them is right.
COUNTERS = {
    "threads": {"threads"},
    "fds": {"fds"},
    "children": {"children"},
    "tasks": {"tasks"},
    "blocks": {"blocks", "native", "mapped", "references", "objects", "bytes", "items"},
    "native": {"native", "mapped", "blocks"},
    "uss": {"native", "mapped", "blocks", "references", "objects", "bytes"},
}


@dataclass(frozen=True)
class Mark:
    """`good` is True, False, or None for "neither": a twin that could not be told is no false alarm, nor cleared."""

    word: str
    good: bool | None


def mark_leaky(case: Case, result: dict[str, Any]) -> Mark:
    """Was the leak found, and shown in a type or counter that is right?"""
    if result["verdict"] != "leak":
        return Mark(f"MISSED: {result['verdict']}: {result['reason']}", False)
    if is_right(case, result):
        return Mark(f"found: {leader(result)}", True)
    return Mark(f"found, but as {leader(result)}", False)


def mark_clean(result: dict[str, Any]) -> Mark:
    """Was a mended twin, or an innocent, left alone?"""
    if result["verdict"] == "leak":
        return Mark(f"ACCUSED: {leader(result)}", False)
    if result["verdict"] == "no leak":
        return Mark("clear", True)
    return Mark(f"could not tell: {result['reason']}", None)


def is_right(case: Case, result: dict[str, Any]) -> bool:
    """Whether the evidence names a type that the case leaks, or the counter that it shows in."""
    types = {plain(name) for name in case.leaked_types}
    rows = list(evidence_rows(result))
    if case.metric == "gcobjs":
        return any(plain(row["type"]) in types for row in rows)
    return any(row["counter"] in COUNTERS.get(case.metric, {case.metric}) for row in rows)


def evidence_rows(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for finding in result["findings"]:
        yield from finding["evidence"]
        yield from finding["with_it"]


def leader(result: dict[str, Any]) -> str:
    """The first finding in two words."""
    if not result["findings"]:
        return "nothing named"
    first = result["findings"][0]
    return f"{first['kind']} {first['type']}".strip()


def plain(name: str) -> str:
    """Types of `builtins` are called with and without their module."""
    return name.removeprefix("builtins.")
