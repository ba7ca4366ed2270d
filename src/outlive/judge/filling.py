"""What grows inside a container with a known bound is *filling*, not leaking. Pure: an analysis in, excuses out.

The analysis (probes/bounds.py, made in the child) says which bounded containers grew since a mark and how many objects
of each type only they keep alive. A type is excused when its growth since the mark fits within that; the totals are
excused only when every type that grows is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from outlive.model.series import CounterKey, Series

# Growth may exceed what the containers keep by so much: a few objects are always on their way.
_FITS = 0.9
_BY_TYPE = ("objects", "bytes", "items", "references")
_TOTALS = ("blocks", "native", "mapped")


def filling_of(
    analysis: Mapping[str, Any], series: Mapping[CounterKey, Series], growing: Collection[CounterKey], since_step: int
) -> dict[CounterKey, str]:
    """Of the `growing` counters, those that a bounded container explains, with the words for the note."""
    containers = analysis["containers"]
    if not containers:
        return {}
    text = _words(containers)
    types = {key.type for key in growing if key.type and key.counter in _BY_TYPE}
    excused_types = {name for name in types if _fits(name, analysis, series, since_step)}
    excused = {key: text for key in growing if key.counter in _BY_TYPE and key.type in excused_types}
    threads = CounterKey("threads")
    if threads in growing and _growth(series, threads, since_step) * _FITS <= sum(row["threads"] for row in containers):
        excused[threads] = text
    unexplained = [key for key in growing if key not in excused and key.counter not in _TOTALS]
    if not unexplained:
        excused.update(dict.fromkeys(growing, text))
    return excused


def _fits(name: str, analysis: Mapping[str, Any], series: Mapping[CounterKey, Series], since_step: int) -> bool:
    grown = _growth(series, CounterKey("objects", name), since_step)
    if grown > 0:
        return bool(analysis["retained"].get(name, 0) >= _FITS * grown)
    grown_items = _growth(series, CounterKey("items", name), since_step)
    in_bounded = sum(row["grown"] for row in analysis["containers"] if row["type"] == name)
    return grown_items > 0 and in_bounded >= _FITS * grown_items


def _growth(series: Mapping[CounterKey, Series], key: CounterKey, since_step: int) -> int:
    one = series.get(key)
    if one is None or not one.values:
        return 0
    then = next((value for step, value in zip(one.steps, one.values) if step >= since_step), one.values[-1])
    return one.values[-1] - then


def _words(containers: Collection[Mapping[str, Any]]) -> str:
    rows = sorted(containers, key=lambda row: -row["grown"])
    named = list(dict.fromkeys(f"{row['how']} holds {row['length']:,} of {row['bound']:,}" for row in rows))
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return f"filling (bound {rows[0]['bound']:,}): {'; '.join(named[:3])}{more}"
