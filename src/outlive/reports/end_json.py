"""The report of a program's whole life as JSON, schema `outlive.end/1` (docs/reference/end-json.md and its schema).

Says what the text says and nothing else; field by field as in `model.leftovers`. Fields may be added within version 1;
none is renamed or removed.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from outlive import __version__
from outlive.model.leftovers import EndReport

SCHEMA = "outlive.end/1"


def to_json(report: EndReport) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers; enumerations are their values."""
    fields = dataclasses.asdict(report)
    return {"schema": SCHEMA, "outlive": __version__, **fields}
