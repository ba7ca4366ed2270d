"""The JSON of a check keeps to its published schema, and says what the result says."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from results import ALL, LEAK, OUTLIVED, SESSIONS

from outlive.model.verdict import CheckResult, Outcome, Rate, Verdict
from outlive.reports.check_json import to_json

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "check-json.schema.json"
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def through_json(result: CheckResult) -> dict[str, Any]:
    """As a reader gets it: written strictly (no NaN, no Infinity) and read again."""
    read: dict[str, Any] = json.loads(json.dumps(to_json(result), allow_nan=False))
    return read


@pytest.mark.parametrize("result", ALL)
def test_every_result_keeps_to_the_schema(result: CheckResult) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(through_json(result))


def test_schema_itself_is_sound_and_refuses_another_verdict() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate({**through_json(LEAK), "verdict": "maybe"})


def test_schema_lists_every_word_the_model_can_say() -> None:
    assert SCHEMA["properties"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert SCHEMA["properties"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]


def test_schema_describes_every_field_that_is_written() -> None:
    written = through_json(LEAK)
    finding = written["findings"][0]
    described = {
        name: set(definition["properties"])
        for name, definition in SCHEMA["$defs"].items()
        if "properties" in definition
    }
    assert set(written) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    assert set(finding) == described["finding"]
    assert set(finding["evidence"][0]) == described["evidence"]
    assert set(written["cost"]) == described["cost"]
    assert set(written["controls"][0]) == described["control"]


def test_figures_are_the_results_own() -> None:
    finding = through_json(LEAK)["findings"][0]
    assert finding["count"] == {"per_step": 0.2, "low": 0.199, "high": 0.202}
    assert len(finding["with_it"]) == len(SESSIONS.with_it)


def test_infinite_figure_becomes_null() -> None:
    endless = dataclasses.replace(SESSIONS, bytes=Rate(1.0, -math.inf, math.inf))
    written = through_json(dataclasses.replace(LEAK, findings=(endless,)))
    assert written["findings"][0]["bytes"] == {"per_step": 1.0, "low": None, "high": None}


def test_leftovers_are_the_results_own() -> None:
    task, in_flight = through_json(OUTLIVED)["leftovers"]
    assert (task["problem"], task["stuck"], task["harmless"]) == ("stuck", "not even cancellable", False)
    assert in_flight["answer"] == "in flight"
