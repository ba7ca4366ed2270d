"""The planted leak and the planted innocent: can this run see at all? Knows their names and what they must do.

The child plants one `outlive.control.Leaked` and makes and drops one `outlive.control.Dropped` before each sample.
They are judged per sample, not per step, by the same rules as everything else.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from outlive.judge.growth import State, judge_series
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Control

LEAKED = CounterKey("objects", "outlive.control.Leaked")
DROPPED = CounterKey("objects", "outlive.control.Dropped")
# So many samples make an exact rise of one per sample a leak by the rules; with fewer, exactness has to do.
_ENOUGH_TO_JUDGE = 24


def controls_of(series: Mapping[CounterKey, Series]) -> tuple[Control, ...]:
    """What became of both controls. A planted leak that no counter shows is a missed one."""
    leaked = _values(series, LEAKED)
    dropped = _values(series, DROPPED)
    return (
        Control("planted leak", "positive", "one more at each sample", _leak_seen(leaked), _leak_seen(leaked) == _SEEN),
        Control("planted innocent", "null", "none stays", *_innocent_seen(dropped)),
    )


_SEEN = "one more at each sample"


def _leak_seen(values: Sequence[int]) -> str:
    if len(values) < 2:
        return "not seen"
    rises = {b - a for a, b in itertools.pairwise(values)}
    if rises != {1}:
        return f"{values[-1] - values[0]} more in {len(values) - 1} samples"
    judged = judge_series(range(1, len(values) + 1), values)
    if len(values) >= _ENOUGH_TO_JUDGE and judged.state != State.LEAK:
        return f"seen, and judged {judged.state.value}"
    return _SEEN


def _innocent_seen(values: Sequence[int]) -> tuple[str, bool]:
    stayed = max(values, default=0) - (values[0] if values else 0)
    return (f"{stayed} stayed", False) if stayed else ("none stays", True)


def _values(series: Mapping[CounterKey, Series], key: CounterKey) -> Sequence[int]:
    return series[key].values if key in series else ()
