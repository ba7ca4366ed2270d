"""How small a leak this run could have seen. Knows the rules' thresholds and the noise; accuses nobody.

"No leak" means "no leak above this". A leak shows when enough floors rise and the growth exceeds the deepest fall.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outlive.judge.evidence import sign_e_value
from outlive.judge.floors import deepest_fall
from outlive.judge.rules import Rules
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Rate

# Chance bunches rare jumps: so many times the bare number are needed for nineteen runs in twenty to show enough.
_BUNCHING = 1.8


def smallest_visible(series: Mapping[CounterKey, Series], rules: Rules | None = None) -> dict[str, Rate]:
    """Per counter, in its unit per step. Of counters by type, the type of median noise speaks: most have none."""
    rules = rules or Rules()
    noise: dict[str, list[float]] = {}
    window: dict[str, int] = {}
    for key, one in series.items():
        if key.type.startswith("outlive.") or len(one.steps) < rules.fewest_samples:
            continue
        first = next(k for k, step in enumerate(one.steps) if 4 * step >= one.steps[-1])
        tail = np.asarray(one.values[first:], dtype=np.int64)
        noise.setdefault(key.counter, []).append(rules.over_falls * deepest_fall(tail))
        window[key.counter] = one.steps[-1] - one.steps[first]
    jumps = _BUNCHING * _rises_needed(rules)
    seen = {}
    for counter, steps in window.items():
        amount = max(jumps, 1.5 * float(np.median(noise[counter])), rules.least_growth.get(counter, 0))
        rate = amount / max(1, steps)
        seen[counter] = Rate(rate, rate, rate)
    return seen


def _rises_needed(rules: Rules) -> int:
    return next(n for n in range(1, 64) if sign_e_value(n, 0) >= rules.e_needed(1))
