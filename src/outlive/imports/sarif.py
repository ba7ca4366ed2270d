"""SARIF 2.1.0, as gcc and clang write it, and as any other analyser of leaks may.

Knows results, locations and code flows; follows no reference out of the file.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from outlive.imports.code_kinds import kind_of, resource_of
from outlive.imports.code_path import Event, stacks_of
from outlive.imports.draft import Draft
from outlive.imports.json_text import a_count, a_dict, a_list, a_str
from outlive.imports.limits import REPORTS
from outlive.model.imported import Frame, Loss, Report, Stack

_CWE = re.compile(r"(?:CWE-?)?(\d{1,5})$", re.IGNORECASE)


def read(file: str, value: dict[str, Any]) -> list[Report]:
    """A report for each run."""
    return [_run(file, a_dict(run)) for run in a_list(value.get("runs"), REPORTS)]


def _run(file: str, run: dict[str, Any]) -> Report:
    driver = a_dict(a_dict(run.get("tool")).get("driver"))
    draft = Draft(file, "sarif", a_str(driver.get("fullName")) or a_str(driver.get("name")) or "unnamed analyser")
    draft.tool = draft.tool[:80]
    draft.version = a_str(driver.get("version")) or a_str(driver.get("semanticVersion"))
    draft.whole = True
    for one in a_list(run.get("invocations")):
        if a_dict(one).get("executionSuccessful") is False:
            draft.whole = False
            draft.trouble("the analyser says that it did not run to its end")
    rules = {a_str(a_dict(one).get("id")): a_dict(one) for one in a_list(driver.get("rules"))}
    others = suppressed = 0
    for one in a_list(run.get("results")):
        result = a_dict(one)
        if a_list(result.get("suppressions")) or result.get("kind") in ("pass", "notApplicable"):
            suppressed += 1
        elif not _claim(draft, result, rules):
            others += 1
    if others:
        draft.trouble(f"of no leak and no wrong use of memory: {others:,} more")
    if suppressed:
        draft.trouble(f"suppressed or passed in the report itself: {suppressed:,}")
    return draft.report()


def _claim(draft: Draft, result: dict[str, Any], rules: dict[str, dict[str, Any]]) -> bool:
    rule = a_str(result.get("ruleId"))
    message = a_str(a_dict(result.get("message")).get("text"))
    kind = kind_of(rule, _cwe(result, rules.get(rule, {})), message)
    if not kind:
        return False
    events = _events(result)
    place = next((_event(a_dict(one)) for one in a_list(result.get("locations"))), None)
    if place is not None and not place.function and events and events[-1].file == place.file:
        place = Event(events[-1].function, place.file, place.line, place.says, events[-1].depth)
    lost = kind in ("leak", "fd-not-closed")
    stacks = stacks_of(events, place, "leaks" if lost else "used")
    told = _stacks(result)
    loss = Loss.POSSIBLE if lost else None
    draft.claim(
        kind,
        [*told, *stacks] if told else stacks,
        resource=resource_of(kind, rule),
        loss=loss,
        text=message,
        seen=False,
    )
    return True


def _cwe(result: dict[str, Any], rule: dict[str, Any]) -> int:
    """From the result's taxa, or from its rule's relationships."""
    rows = [*a_list(result.get("taxa")), *(a_dict(one).get("target") for one in a_list(rule.get("relationships")))]
    for row in rows:
        if a_str(a_dict(a_dict(row).get("toolComponent")).get("name")).upper() == "CWE":
            found = _CWE.match(a_str(a_dict(row).get("id")))
            if found:
                return int(found[1])
    return 0


def _events(result: dict[str, Any]) -> list[Event]:
    flow = a_dict(next(iter(a_list(result.get("codeFlows"))), {}))
    thread = a_dict(next(iter(a_list(flow.get("threadFlows"))), {}))
    events: list[Event] = []
    for one in a_list(thread.get("locations")):
        event = _event(a_dict(a_dict(one).get("location")), a_count(a_dict(one).get("nestingLevel")))
        events.append(event)
    return events


def _event(location: dict[str, Any], nesting: int = 0) -> Event:
    physical = a_dict(location.get("physicalLocation"))
    uri = a_str(a_dict(physical.get("artifactLocation")).get("uri"))
    region = a_dict(physical.get("region"))
    logical = a_dict(next(iter(a_list(location.get("logicalLocations"))), {}))
    return Event(
        function=a_str(logical.get("fullyQualifiedName")) or a_str(logical.get("name")),
        file=unquote(uri.removeprefix("file://")),
        line=a_count(region.get("startLine")) or a_count(region.get("endLine")),
        says=a_str(a_dict(location.get("message")).get("text")),
        depth=nesting + 1,
    )


def _stacks(result: dict[str, Any]) -> list[Stack]:
    found = []
    for one in a_list(result.get("stacks"), 4):
        row = a_dict(one)
        frames = [_frame(a_dict(frame)) for frame in a_list(row.get("frames"), 256)]
        role = "allocated" if "alloc" in a_str(a_dict(row.get("message")).get("text")).lower() else "also"
        found.append(Stack(role, tuple(frames)))
    return found


def _frame(row: dict[str, Any]) -> Frame:
    event = _event(a_dict(row.get("location")))
    return Frame(event.function[:1000], a_str(row.get("module"))[:1000], event.file[:1000], event.line)
