"""From what is known of one explanation to the advice that fits it.

A wrong advice is worse than none: an entry fits only when all conditions of one of its rules hold and none of its
`unless` does, and a known leak only when the installed version is in its range. The order, best first: known leaks of
what is installed, then patterns by breadth. A broad pattern is left out beside anything narrower, since it would say
the same again and less of it. What a family already accounts for (a debugger's references, a tracer's) gets
no advice but of rules that name that family.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from outlive.catalogue.entries import BREADTHS, PYTHON, Entry, KnownLeak, Pattern, known_leaks, patterns
from outlive.catalogue.facts import Facts
from outlive.catalogue.versions import in_range
from outlive.model.explanation import Advice

MOST = 3


def match(facts: Facts) -> tuple[Advice, ...]:
    """What is known to help with `facts`, best first, at most three; empty when nothing fits."""
    leaks = [_leak_advice(one, facts) for one in known_leaks() if _is_affected(one, facts) and _fits(one, facts)]
    fitting = sorted((one for one in patterns() if _fits(one, facts)), key=lambda one: BREADTHS.index(one.breadth))
    narrower = bool(leaks) or any(one.breadth != "broad" for one in fitting)
    told = [_pattern_advice(one) for one in fitting if one.breadth != "broad" or not narrower]
    return tuple([*leaks, *told][:MOST])


def _fits(one: Entry, facts: Facts) -> bool:
    return any(rule.fits(facts) for rule in one.rules) and not any(rule.fits(facts) for rule in one.unless)


def _is_affected(leak: KnownLeak, facts: Facts) -> bool:
    return in_range(_installed(leak, facts), leak.affected)


def _installed(leak: KnownLeak, facts: Facts) -> str:
    if leak.distribution == PYTHON:
        return facts.python
    return _by_name(tuple(facts.versions.items())).get(_normal(leak.distribution), "")


@lru_cache(maxsize=4)
def _by_name(versions: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return {_normal(name): version for name, version in versions}


def _normal(distribution: str) -> str:
    """Distributions are the same under any spelling of case and separators (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _leak_advice(leak: KnownLeak, facts: Facts) -> Advice:
    has = f"{leak.distribution} {_installed(leak, facts)}"
    if leak.fixed_in:
        text = f"{leak.summary} You have {has}; fixed in {leak.fixed_in}. {leak.workaround}"
    else:
        text = f"{leak.summary} You have {has}. {leak.workaround}"
    return Advice(id=leak.id, title=leak.title, text=text.strip(), reference=leak.references[0])


def _pattern_advice(pattern: Pattern) -> Advice:
    reference = pattern.references[0] if pattern.references else ""
    return Advice(id=pattern.id, title=pattern.title, text=pattern.advice, reference=reference)
