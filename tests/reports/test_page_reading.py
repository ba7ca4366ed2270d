"""A result's JSON comes back as the result it was, and what is no result is refused by the field that says so."""

from __future__ import annotations

import json
from typing import Any

import page_values
import pytest
from results import ALL, LEAK

from outlive.model.verdict import CheckResult
from outlive.reports.check_json import to_json
from outlive.reports.page.reading import NotACheckResult, read_check


def changed(**fields: Any) -> str:
    return json.dumps({**to_json(LEAK), **fields})


@pytest.mark.parametrize("result", [*ALL, page_values.leak()], ids=lambda result: result.reason)
def test_result_comes_back_as_it_was(result: CheckResult) -> None:
    assert read_check(json.dumps(to_json(result))) == result


def test_result_of_an_older_version_has_no_explanation() -> None:
    old = to_json(LEAK)
    for finding in old["findings"]:
        del finding["explanation"], finding["series"]
    assert read_check(json.dumps(old)) == LEAK


def test_infinite_e_value_was_written_as_null_and_comes_back() -> None:
    result = to_json(LEAK)
    result["findings"][0]["evidence"][0]["e_value"] = None
    assert read_check(json.dumps(result)).findings[0].evidence[0].e_value == float("inf")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "the whole is a list"),
        ("{}", "names no schema"),
        (changed(schema="outlive.watch/1"), "schema is 'outlive.watch/1'"),
        (changed(verdict="maybe"), "verdict is 'maybe'"),
        (changed(scenario=3), "scenario is a number"),
        (changed(findings={}), "findings is an object"),
        (changed(findings=[3]), "findings[0] is a number"),
        (changed(findings=[{"type": True}]), "findings[0].type is true or false"),
        (changed(findings=[{"evidence": [{"steps": "x"}]}]), "findings[0].evidence[0].steps is text"),
        (changed(findings=[{"series": [{"steps": [1, 2], "values": [1]}]}]), "do not fit"),
        (changed(findings=[{"series": [{"steps": [2, 1], "values": [1, 1]}]}]), "do not fit"),
        (changed(findings=[{"series": [{"steps": [10**30], "values": [1]}]}]), "not whole numbers"),
    ],
)
def test_what_is_no_result_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(NotACheckResult) as refusal:
        read_check(text)
    assert says in str(refusal.value)
    assert "outlive check" in refusal.value.hint


def test_endless_callers_come_to_an_end() -> None:
    site: dict[str, Any] = {"file": "a.py"}
    for _ in range(300):
        site = {"file": "a.py", "callers": [site]}
    result = read_check(changed(findings=[{"explanation": {"site": site}}]))
    assert result.findings[0].explanation is not None


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN"])
def test_number_that_is_none_is_unknown(number: str) -> None:
    text = changed(findings=[{"count": {"per_step": 7777}}]).replace("7777", number)
    per_step = read_check(text).findings[0].count.per_step
    assert per_step != per_step  # NaN
