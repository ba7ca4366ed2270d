"""The JSON of a program's life keeps to its published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ends import CLEAN, LEFT
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from outlive.model.leftovers import Answer, Category, EndReport, StuckGrade
from outlive.model.verdict import Verdict
from outlive.reports.end_json import to_json

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCHEMA: dict[str, Any] = json.loads((DOCS / "end-json.schema.json").read_text(encoding="utf-8"))
CHECK = json.loads((DOCS / "check-json.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(
    SCHEMA, registry=Registry().with_resource("outlive.check/1", Resource.from_contents(CHECK))
)


def through_json(report: EndReport) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(to_json(report), allow_nan=False))
    return read


@pytest.mark.parametrize("report", [LEFT, CLEAN])
def test_every_report_keeps_to_the_schema(report: EndReport) -> None:
    VALIDATOR.validate(through_json(report))


def test_another_answer_is_refused() -> None:
    written = through_json(LEFT)
    written["leftovers"][0]["answer"] = "perhaps"
    with pytest.raises(ValidationError):
        VALIDATOR.validate(written)


def test_schema_lists_every_word_the_model_can_say() -> None:
    leftover = SCHEMA["$defs"]["leftover"]["properties"]
    assert SCHEMA["properties"]["verdict"]["enum"] == [one.value for one in Verdict]
    assert leftover["answer"]["enum"] == [one.value for one in Answer]
    assert leftover["category"]["enum"] == [one.value for one in Category]
    assert leftover["stuck"]["enum"] == [one.value for one in StuckGrade]


def test_schema_describes_every_field_that_is_written() -> None:
    written = through_json(LEFT)
    assert set(written) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    for name, row in (("leftover", "leftovers"), ("closing", "closings"), ("growth", "growth")):
        described = SCHEMA["$defs"][name]
        assert set(written[row][0]) == set(described["properties"]) == set(described["required"])
