"""What differs between snapshots, as text and as JSON (schema `outlive.diff/1`). Pure: a change in, a string out."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from outlive import __version__
from outlive.model.heap_change import HeapChange, HolderChange, SiteChange, TypeChange
from outlive.reports.amounts import byte_size, counted
from outlive.reports.printable import printable
from outlive.reports.style import Style, columns

SCHEMA = "outlive.diff/1"


def to_json(change: HeapChange) -> dict[str, Any]:
    """Everything, field by field as in the model."""
    return {"schema": SCHEMA, "outlive": __version__, **dataclasses.asdict(change)}


def render(change: HeapChange, *, limit: int, color: bool = False) -> str:
    """At most `limit` rows a part; ends with the next command and a line break."""
    style = Style(color)
    of_new = change.same_process
    parts = [
        _head(change, style),
        _part(
            "by type", (_new_types if of_new else _type_levels)(change.types[:limit]), len(change.types), limit, style
        ),
        _part("by the line that made them", _sites(change.sites[:limit]), len(change.sites), limit, style),
        _part("by who holds them", _holders(change, limit), len(change.holders), limit, style),
        _next(change, style),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(change: HeapChange, style: Style) -> str:
    names = [style.strong(printable(file)) for file in change.files]
    rows = [(name, counted(count, "object"), size) for name, count, size in zip(names, change.objects, change.bytes)]
    lines = [f"{name}: {count}, {byte_size(size)}" for name, count, size in rows]
    return "\n".join([*lines, "", *(f"  {line}" for line in _said(change))])


def _said(change: HeapChange) -> list[str]:
    if not change.same_process:
        return ["Different processes: an address of one says nothing of the other. Types and holders are compared."]
    new, size = counted(change.new, "object"), byte_size(change.new_bytes)
    if len(change.files) == 3:
        went = counted(change.gone, "object")
        return [f"{new} ({size}) made between the first two and still there in the third; {went} made and gone."]
    how = "by address, type and stamp" if change.by_stamps else "by address and type"
    return [f"{new} new ({size}), {counted(change.gone, 'object')} gone, told {how}."]


def _part(title: str, rows: list[str], count: int, limit: int, style: Style) -> str:
    if not rows:
        return ""
    more = [f"and {count - limit:,} more (--limit {count} shows all)"] if count > limit else []
    return "\n".join([style.strong(title), *(f"  {row}" for row in [*rows, *more])])


def _new_types(types: tuple[TypeChange, ...]) -> list[str]:
    head = ["new", "bytes", "gone", "before", "after", "type"]
    rows = [
        [f"{one.new:,}", byte_size(one.bytes), f"{one.gone:,}", f"{one.before:,}", f"{one.after:,}", _short(one.type)]
        for one in types
    ]
    return columns([head, *rows], left=frozenset({5})) if rows else []


def _type_levels(types: tuple[TypeChange, ...]) -> list[str]:
    head = ["change", "bytes", "before", "after", "type"]
    rows = [
        [f"{one.after - one.before:+,}", _signed_size(one.bytes), f"{one.before:,}", f"{one.after:,}", _short(one.type)]
        for one in types
    ]
    return columns([head, *rows], left=frozenset({4})) if rows else []


def _signed_size(size: int) -> str:
    return f"+{byte_size(size)}" if size > 0 else byte_size(size)


def _sites(sites: tuple[SiteChange, ...]) -> list[str]:
    rows = [
        [f"{one.new:,}", byte_size(one.bytes), f"{printable(one.file)}:{one.line} in {printable(one.function)}"]
        for one in sites
    ]
    return columns([["new", "bytes", "line"], *rows], left=frozenset({2})) if rows else []


def _holders(change: HeapChange, limit: int) -> list[str]:
    shown = change.holders[:limit]
    if not shown:
        return []
    if change.same_process:
        head = ["new", "type", "held by", "for example"]
        rows = [[_about(one.new, one), _short(one.type), printable(one.pattern), f"#{one.node}"] for one in shown]
        return columns([head, *rows], left=frozenset({1, 2, 3}))
    head = ["before", "after", "type", "held by"]
    rows = [[f"{one.before:,}", f"{one.after:,}", _short(one.type), printable(one.pattern)] for one in shown]
    return columns([head, *rows], left=frozenset({2, 3}))


def _about(count: int, one: HolderChange) -> str:
    """An estimate says that it is one."""
    return f"{count:,}" if count <= one.looked_at else f"~{count:,}"


def _short(type_name: str) -> str:
    return printable(type_name.removeprefix("builtins."))


def _next(change: HeapChange, style: Style) -> str:
    last = shlex.quote(change.files[-1])
    if change.holders:
        why, command = "why one of them lives", f"outlive why {last} '#{change.holders[0].node}'"
    elif change.types:
        why, command = "who holds them", f"outlive why {last} {shlex.quote(change.types[0].type)}"
    else:
        why, command = "what is in it", f"outlive open {last}"
    return f"  {style.quiet('next')}  {why}:\n        {style.strong(command)}"
