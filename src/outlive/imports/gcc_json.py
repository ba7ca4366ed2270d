"""gcc's `-fdiagnostics-format=json`: one array for each file that was compiled, one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from outlive.imports.code_kinds import kind_of, resource_of
from outlive.imports.code_path import Event, stacks_of
from outlive.imports.draft import Draft
from outlive.imports.json_text import a_count, a_dict, a_list, a_str
from outlive.model.imported import Loss, Report


def read(file: str, values: Iterable[Any], complete: bool) -> list[Report]:
    """One report: the arrays say nothing of which run wrote them."""
    draft = Draft(file, "gcc-json", "gcc -fanalyzer")
    draft.whole = complete
    others = 0
    for array in values:
        for row in a_list(array):
            others += not _claim(draft, a_dict(row))
    if others:
        draft.trouble(f"of no leak and no wrong use of memory: {others:,} more")
    return [draft.report()]


def _claim(draft: Draft, row: dict[str, Any]) -> bool:
    rule, message = a_str(row.get("option")), a_str(row.get("message"))
    kind = kind_of(rule, a_count(a_dict(row.get("metadata")).get("cwe")), message)
    if not kind:
        return False
    events = [_event(a_dict(one)) for one in a_list(row.get("path"))]
    caret = a_dict(next(iter(a_list(row.get("locations"))), {})).get("caret")
    function = events[-1].function if events else ""
    depth = events[-1].depth if events else 1
    end = _event({"location": caret, "function": function, "description": message, "depth": depth})
    lost = kind in ("leak", "fd-not-closed")
    stacks = stacks_of(events, end if end.file else None, "leaks" if lost else "used")
    loss = Loss.POSSIBLE if lost else None
    draft.claim(kind, stacks, resource=resource_of(kind, rule), loss=loss, text=message, seen=False)
    return True


def _event(row: dict[str, Any]) -> Event:
    place = a_dict(row.get("location"))
    return Event(
        function=a_str(row.get("function")),
        file=a_str(place.get("file")),
        line=a_count(place.get("line")),
        says=a_str(row.get("description")),
        depth=max(a_count(row.get("depth")), 1),
    )
