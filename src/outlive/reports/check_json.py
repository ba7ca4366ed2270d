"""A check's result as JSON, schema `outlive.check/1` (docs/reference/check-json.md, check-json.schema.json).

Says what the text says and nothing else. Fields may be added within version 1; none is renamed or removed.
A number that JSON cannot hold (an infinite e-value) is written as null.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from outlive import __version__
from outlive.model.explanation import Explanation
from outlive.model.series import Series
from outlive.model.verdict import CheckResult, Evidence, Finding, Rate

SCHEMA = "outlive.check/1"


def to_json(result: CheckResult) -> dict[str, Any]:
    """The result as plain dicts, lists, strings and numbers, ready for `json.dumps`."""
    return {
        "schema": SCHEMA,
        "outlive": __version__,
        "python": result.python,
        "scenario": result.scenario,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "outcome": result.outcome.value,
        "findings": [_finding(finding) for finding in result.findings],
        "leftovers": [dataclasses.asdict(one) for one in result.leftovers],
        "notes": [dataclasses.asdict(note) for note in result.notes],
        "controls": [dataclasses.asdict(control) for control in result.controls],
        "smallest_visible": {counter: _rate(rate) for counter, rate in sorted(result.smallest_visible.items())},
        "cost": None if result.cost is None else dataclasses.asdict(result.cost),
        "traceback": result.traceback,
        "output_tail": result.output_tail,
        "is_command": result.is_command,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "type": finding.type,
        "fingerprint": finding.fingerprint,
        "detail": finding.detail,
        "count": _rate(finding.count),
        "bytes": _rate(finding.bytes),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "with_it": [_evidence(evidence) for evidence in finding.with_it],
        "explanation": None if finding.explanation is None else _explanation(finding.explanation),
        "series": [_series(series) for series in finding.series],
    }


def _explanation(why: Explanation) -> dict[str, Any]:
    """Field by field as in the model; its enumerations are strings."""
    return dataclasses.asdict(why)


def _series(series: Series) -> dict[str, Any]:
    return {
        "counter": series.key.counter,
        "type": series.key.type,
        "unit": series.key.unit,
        "steps": list(series.steps),
        "values": list(series.values),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "counter": evidence.counter,
        "type": evidence.type,
        "unit": evidence.unit,
        "rate": _rate(evidence.rate),
        "steps": evidence.steps,
        "before": evidence.before,
        "after": evidence.after,
        "floors_up": evidence.floors_up,
        "floors_down": evidence.floors_down,
        "e_value": _finite(evidence.e_value),
    }


def _rate(rate: Rate) -> dict[str, float | None]:
    return {"per_step": _finite(rate.per_step), "low": _finite(rate.low), "high": _finite(rate.high)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
