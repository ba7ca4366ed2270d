"""From changes to dense series."""

from __future__ import annotations

import pytest

from outlive.model.series import CounterKey
from outlive.trial.options import Reading
from outlive.trial.readings import Readings

_FDS, _FOO = CounterKey("fds", "socket"), CounterKey("objects", "app.Foo")


def _reading(steps: int, values: dict[CounterKey, int]) -> Reading:
    return Reading(steps, values, step_seconds=0.0, sampling_seconds=0.0, rss_bytes=0)


def test_unchanged_values_are_carried_forward_and_late_counters_begin_at_none() -> None:
    series = Readings([_reading(1, {_FDS: 3}), _reading(5, {_FOO: 2}), _reading(9, {_FDS: 4})]).series()
    assert (series[_FDS].steps, series[_FDS].values) == ((1, 5, 9), (3, 3, 4))
    assert series[_FOO].values == (0, 2, 2)


def test_series_does_not_change_with_later_readings() -> None:
    readings = Readings([_reading(1, {_FDS: 3})])
    early = readings.series()[_FDS]
    readings.add(_reading(2, {_FDS: 9}))
    assert early.values == (3,)


def test_reading_without_new_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="a reading at 4 steps after one at 4"):
        Readings([_reading(4, {}), _reading(4, {})])
