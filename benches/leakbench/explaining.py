"""Marks the explanations of a check against what a case says a good one contains. Pure: plain data in, a mark out.

Only what explains is read: the sentence, the path, site, owner and advice of each finding, with its kind and type;
the tables of counters are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from case import Case
from marking import Mark

# A holder is written for people: "scenario.B.queues (Queue._getters -> Task)". Its place is the last name before the
# bracket, and before the slash where it has two; its own words are no part of it.
_PLACE = re.compile(r"[\w.]+")


def mark_explanation(case: Case, result: dict[str, Any]) -> Mark:
    """Does it say every word that it must, and does a holder path lead through the recorded holder?"""
    share = result["cost"]["explaining_seconds"] / result["cost"]["wall_seconds"]
    mark = _judged(case, result)
    return Mark(f"{mark.word} ({share:.0%} of the check)", mark.good)


def _judged(case: Case, result: dict[str, Any]) -> Mark:
    told = "\n".join(words_of(result))
    missing = [word for word in case.must_mention if not any(one in told for one in word.split("|"))]
    if missing:
        return Mark(f"does not say {', '.join(missing)}", False)
    place = holder_of(case)
    if not place:
        return Mark("says it; no Python-visible holder is recorded", True)
    if not any(place in label for label in labels_of(result)):
        return Mark(f"says it, but no path leads through {place}", False)
    return Mark(f"says it, held by {held_by(result)}", True)


def holder_of(case: Case) -> str:
    """The last name of the recorded holder; "" where native code is the holder."""
    if not case.holder or "(C:" in case.holder:
        return ""
    names = _PLACE.findall(case.holder.partition("(")[0].partition("/")[0])
    return names[-1].rpartition(".")[2] if names else ""


def words_of(result: dict[str, Any]) -> Iterator[str]:
    for finding in result["findings"]:
        yield finding["kind"]
        yield finding["type"]
        yield from strings(finding["explanation"])


def labels_of(result: dict[str, Any]) -> Iterator[str]:
    for finding in result["findings"]:
        why = finding["explanation"] or {"path": [], "also_held_by": []}
        for hop in why["path"]:
            yield f"{hop['label']} {hop['type']} {hop['what']}"
        yield from why["also_held_by"]


def held_by(result: dict[str, Any]) -> str:
    return next((one["explanation"]["held_by"] for one in result["findings"] if one["explanation"]), "")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
