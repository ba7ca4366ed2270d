"""A watch as JSON lines, schema `outlive.watch/1`: one header, one line a sample, one summary.

    {"schema": "outlive.watch/1", "kind": "header", "outlive": "0.1.0", "pid": 4312, "command": [], "began":
     "2025-01-31T12:00:00+00:00", "every_s": 1.0, "warmup_s": 0.0, "figures": [{"name": "vm_rss", "label": "VmRSS",
     "unit": "KB"}, …], "thresholds": {"vm_rss": 1024, "vm_data": 1024}}
    {"kind": "sample", "number": 1, "elapsed_s": 0.0, "warmup": false, "values": {"vm_rss": 30292, …}}
    {"schema": "outlive.watch/1", "kind": "summary", "verdict": "within thresholds", "passed": true, …}

A value stands in its figure's unit. Numbers and times of the samples begin anew after the warm-up. `verdict` is "within
thresholds", "threshold passed" or "could not tell". Fields may be added within version 1; none is renamed or removed.
Pure: plain data in, plain data out; it writes no file and knows no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outlive import __version__
from outlive.model.figures import Course, Figure, Sample, WatchSummary

SCHEMA = "outlive.watch/1"


def header(
    *,
    pid: int,
    command: Sequence[str],
    began: str,
    every_s: float,
    warmup_s: float,
    figures: Sequence[Figure],
    thresholds: Mapping[str, int],
) -> dict[str, Any]:
    """The first line: what is watched and what the lines after it mean. `began` is a time as ISO 8601."""
    return {
        "schema": SCHEMA,
        "kind": "header",
        "outlive": __version__,
        "pid": pid,
        "command": list(command),
        "began": began,
        "every_s": every_s,
        "warmup_s": warmup_s,
        "figures": [{"name": figure.name, "label": figure.label, "unit": figure.unit} for figure in figures],
        "thresholds": dict(thresholds),
    }


def sample(taken: Sample, *, warmup: bool) -> dict[str, Any]:
    """One line for one sample."""
    return {
        "kind": "sample",
        "number": taken.number,
        "elapsed_s": round(taken.elapsed_s, 6),
        "warmup": warmup,
        "values": dict(taken.values),
    }


def summary(watched: WatchSummary) -> dict[str, Any]:
    """The last line, and what `Report.to_json()` returns."""
    return {
        "schema": SCHEMA,
        "kind": "summary",
        "outlive": __version__,
        "pid": watched.pid,
        "command": list(watched.command),
        "samples": watched.samples,
        "elapsed_s": round(watched.elapsed_s, 6),
        "ending": watched.ending,
        "verdict": _verdict(watched),
        "passed": watched.passed,
        "figures": [_course(course) for course in watched.courses],
        "unread": dict(watched.unread),
    }


def _verdict(watched: WatchSummary) -> str:
    if not watched.judged:
        return "could not tell"
    return "threshold passed" if watched.exceeded else "within thresholds"


def _course(course: Course) -> dict[str, Any]:
    return {
        "name": course.figure.name,
        "label": course.figure.label,
        "unit": course.figure.unit,
        "initial": course.initial,
        "minimum": course.minimum,
        "maximum": course.maximum,
        "final": course.final,
        "growth": course.growth,
        "peak_growth": course.peak_growth,
        "threshold": course.threshold,
        "exceeded": course.exceeded,
    }
