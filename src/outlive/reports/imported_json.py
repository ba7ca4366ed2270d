"""Other tools' reports as JSON, schema `outlive.imported/1` (docs/reference/imported-json.md and its schema).

Says what the text says, without its limit; field by field as in `model.imported`, but the claims of each report, which
its findings repeat, are given as a number. Fields may be added within version 1; none is renamed or removed.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from outlive import __version__
from outlive.model.imported import ImportReport, Report

SCHEMA = "outlive.imported/1"


def to_json(report: ImportReport) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers; enumerations are their values, -1 is null."""
    fields = {one.name: getattr(report, one.name) for one in dataclasses.fields(report)}
    fields["reports"] = [_report(one) for one in report.reports]
    for name in ("findings", "set_aside"):
        rows = [(one, dataclasses.asdict(one)) for one in getattr(report, name)]
        fields[name] = [_known({**row, "leak": one.is_leak, "broken": one.is_broken}) for one, row in rows]
    fields["notes"] = [dataclasses.asdict(one) for one in report.notes]
    return {"schema": SCHEMA, "outlive": __version__, **fields}


def _report(report: Report) -> dict[str, Any]:
    fields = dataclasses.asdict(dataclasses.replace(report, claims=()))
    return {**_known(fields), "claims": len(report.claims)}


def _known(value: Any) -> Any:
    """The same with null for every amount that is not known."""
    if isinstance(value, dict):
        return {
            name: None if name in ("count", "bytes", "offset") and one == -1 else _known(one)
            for name, one in value.items()
        }
    return [_known(one) for one in value] if isinstance(value, (list, tuple)) else value
