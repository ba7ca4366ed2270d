"""A snapshot's summary as JSON, schema `outlive.heap/1` (docs/reference/heap-json.md).

Says what the text says, without its limit. Fields may be added within version 1; none is renamed or removed.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from outlive import __version__
from outlive.model.heap_summary import HeapSummary

SCHEMA = "outlive.heap/1"


def to_json(summary: HeapSummary) -> dict[str, Any]:
    """The summary as plain dicts, lists, strings and numbers, field by field as in the model."""
    return {"schema": SCHEMA, "outlive": __version__, **dataclasses.asdict(summary)}
