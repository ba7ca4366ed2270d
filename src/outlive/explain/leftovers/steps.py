"""What the steps of a trial made and left open: the third end that the census is held against.

The scenario goes on, so nothing of this is a leak by itself: whether it grows, counting says. What the setup opened is
open by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from outlive.capture.stamps import FIRST_STEP
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene


def of_steps(scene: Scene, holding: Holding, things: Sequence[Remain]) -> Iterator[Remain]:
    """Those that have an object which a step is known to have made."""
    if not scene.counts_steps:
        return
    for one in things:
        if one.node and scene.tick(one.node) >= FIRST_STEP:
            yield replace(one, answer=holding.answer(one.node), harmless=True, lifetime="the steps")
