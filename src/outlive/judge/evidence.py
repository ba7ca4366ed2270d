"""Betting evidence that floors rise more often than they fall.

Theory of operation. Under "no leak", a floor that moves is as likely to fall as to rise. Bet the fraction l of what
you own on "rises", at even odds, at each move: after `ups` rises and `downs` falls you own (1+l)^ups (1-l)^downs times
what you began with. Chance alone makes that exceed x with probability at most 1/x, *whenever* one stops to look
(Ville's inequality), so looking after each sample costs nothing. Three stakes are averaged, because the right one
depends on how noisy the leak is. The assumption fails for warm-ups, which truly rise: the rules about fading and
confirming (growth.py) are for those, not this number.
"""

from __future__ import annotations

import math

_STAKES = (0.3, 0.6, 0.9)
# Beyond this the number says nothing more to anybody, and JSON has no infinity.
_CEILING = 1e12


def sign_e_value(ups: int, downs: int) -> float:
    """The mean wealth of the three bettors.

    >>> round(sign_e_value(6, 0), 1)
    22.9
    >>> sign_e_value(0, 0)
    1.0
    """
    ceiling = math.log(_CEILING)
    wealth = [min(ups * math.log1p(stake) + downs * math.log1p(-stake), ceiling) for stake in _STAKES]
    return sum(math.exp(w) for w in wealth) / len(wealth)
