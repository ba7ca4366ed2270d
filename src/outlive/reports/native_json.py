"""The report of a native program's life as JSON, schema `outlive.native/1` (docs/reference/native-json.md, its schema).

Says what the text says and nothing else; field by field as in `model.native_end`. Fields may be added within version 1;
none is renamed or removed.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from outlive import __version__
from outlive.model.native_blocks import BlockKind
from outlive.model.native_end import NativeReport

SCHEMA = "outlive.native/1"


def to_json(report: NativeReport) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers; enumerations are their words."""
    fields: dict[str, Any] = _plain(dataclasses.asdict(report))
    return {"schema": SCHEMA, "outlive": __version__, **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, BlockKind):
        return value.name.lower()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
