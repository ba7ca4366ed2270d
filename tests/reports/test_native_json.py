"""The JSON of a native program's life keeps to its published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from native_ends import CLEAN, CRASHED, LEAKY
from referencing import Registry, Resource

from outlive.model.leftovers import Category
from outlive.model.native_blocks import BlockKind
from outlive.model.native_end import NativeReport
from outlive.model.verdict import Verdict
from outlive.reports.native_json import to_json

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCHEMA: dict[str, Any] = json.loads((DOCS / "native-json.schema.json").read_text(encoding="utf-8"))
CHECK = json.loads((DOCS / "check-json.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(
    SCHEMA, registry=Registry().with_resource("outlive.check/1", Resource.from_contents(CHECK))
)


def through_json(report: NativeReport) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(to_json(report), allow_nan=False))
    return read


@pytest.mark.parametrize("report", [LEAKY, CLEAN, CRASHED])
def test_every_report_keeps_to_the_schema(report: NativeReport) -> None:
    VALIDATOR.validate(through_json(report))


def test_another_category_is_refused() -> None:
    written = through_json(LEAKY)
    written["losses"][0]["category"] = "sometimes"
    with pytest.raises(ValidationError):
        VALIDATOR.validate(written)


def test_schema_lists_every_word_the_model_can_say() -> None:
    loss = SCHEMA["$defs"]["loss"]["properties"]
    assert SCHEMA["properties"]["verdict"]["enum"] == [one.value for one in Verdict]
    assert loss["category"]["enum"] == [one.value for one in Category]
    assert loss["kind"]["enum"] == [one.name.lower() for one in BlockKind]


def test_schema_describes_every_field_that_is_written() -> None:
    written = through_json(LEAKY)
    loss = written["losses"][0]
    parts = {
        "loss": loss,
        "call": loss["made"],
        "frame": loss["made"]["frames"][0],
        "line": loss["made"]["lines"][0],
        "event": loss["events"][0],
        "broken": written["broken"][0],
        "handle": written["handles"][0],
        "total": written["totals"][0],
        "process": written["processes"][0],
        "end": written["end"],
    }
    assert set(written) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    assert set(parts) == set(SCHEMA["$defs"])
    for name, row in parts.items():
        assert set(row) == set(SCHEMA["$defs"][name]["properties"]) == set(SCHEMA["$defs"][name]["required"]), name
