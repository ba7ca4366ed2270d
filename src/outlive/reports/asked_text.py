"""The answer to "why does it live?" about objects of a snapshot, as text and as JSON (schema `outlive.why/1`).

Explanations come ready from the explain room, the most common first; here they stand one below the other, with how
many of the objects each accounts for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from outlive import __version__
from outlive.model.explanation import Explanation
from outlive.reports import why_text
from outlive.reports.amounts import byte_size, counted
from outlive.reports.printable import printable
from outlive.reports.style import Style

SCHEMA = "outlive.why/1"


@dataclass(frozen=True)
class Asked:
    """What was asked, and found. `objects` of type `type` (or "" of several) with `bytes` in all; `sampled` looked at.

    `node` is the representative: the one to name in the next command.
    """

    file: str
    what: str
    objects: int
    bytes: int
    sampled: int
    node: int
    type: str = ""
    explanations: tuple[Explanation, ...] = ()


def render(asked: Asked, *, limit: int, color: bool = False) -> str:
    """The first `limit` explanations, ending with the next command and a line break."""
    style = Style(color)
    shown = asked.explanations[:limit]
    parts = [_head(asked, style)]
    parts += [_numbered(why, at, len(asked.explanations), style) for at, why in enumerate(shown, start=1)]
    if not shown:
        parts.append(
            "  Nothing holds it: it is garbage that waits for the collector, or only Outlive itself refers to it."
        )
    hidden = len(asked.explanations) - len(shown)
    if hidden > 0:
        parts.append(style.quiet(f"  and {counted(hidden, 'other way')} to be held (--all shows all)"))
    parts.append(_next(asked, style))
    return "\n\n".join(parts) + "\n"


def to_json(asked: Asked) -> dict[str, Any]:
    """Everything, field by field as in the model; enumerations are strings."""
    return {"schema": SCHEMA, "outlive": __version__, **dataclasses.asdict(asked)}


def _head(asked: Asked, style: Style) -> str:
    name = printable(asked.type or asked.what)
    if asked.objects == 1:
        return f"{style.strong(name)}: node #{asked.node}, {byte_size(asked.bytes)}"
    looked = "all" if asked.sampled == asked.objects else f"{asked.sampled:,}"
    return f"{style.strong(name)}: {asked.objects:,} objects, {byte_size(asked.bytes)} of their own; {looked} looked at"


def _numbered(why: Explanation, at: int, count: int, style: Style) -> str:
    lines = [line for text in why_text.render(_harmless(why), style) for line in text.split("\n")]
    if count == 1:
        return "\n".join(f"  {line}".rstrip() for line in lines)
    first = style.strong(f"{at}. {why.explained:,} of {why.sampled:,}")
    return "\n".join([f"  {first}", *(f"     {line}".rstrip() for line in lines)])


def _harmless(value: Any) -> Any:
    """The same with every text printable: the names in it come from a file."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return "\n".join(printable(line, longest=len(line) + 1) for line in value.split("\n"))
    if isinstance(value, tuple):
        return tuple(_harmless(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _harmless(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def _next(asked: Asked, style: Style) -> str:
    import shlex

    file = shlex.quote(asked.file)
    if asked.objects > 1:
        why, command = "one of them", f"outlive why {file} '#{asked.node}' --all"
    else:
        why, command = "what it holds", f"outlive query {file} 'SELECT * FROM refs WHERE source = {asked.node}'"
    return f"  {style.quiet('next')}  {why}:\n        {style.strong(command)}"
