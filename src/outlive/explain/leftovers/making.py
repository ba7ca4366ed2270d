"""What goes on and keeps an ended object: made before its end, while it was being closed, or after? And by whose doing?

The clock goes on when an ending call begins and when it has returned. What wears a later tick than the beginning, and
was not made by the ending call itself, was made for an owner that nobody would close any more. In a trial ticks are
steps: only what came in a later step is known to be later.

Why it could still be made is known in one case: the function that made it had a cancellation thrown into it, and
swallowed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outlive.explain.leftovers.scene import Scene
from outlive.explain.links import short
from outlive.model.explanation import Site
from outlive.model.look import Ended, Event


def made_after(scene: Scene, node: int, row: Ended) -> bool:
    """Whether it was certainly made after the end of this row began, and not by the ending call."""
    tick = scene.tick(node)
    if not row.tick or tick <= _begun(scene, row):
        return False
    return tick > row.tick or not _is_by_the_end(scene, scene.site(node), row)


def timing(scene: Scene, node: int, row: Ended) -> str:
    """Words for it."""
    tick = scene.tick(node)
    if not tick or not row.tick or (scene.counts_steps and tick == row.tick):
        return "whether it was made before or after the end is not known"
    if tick > row.tick:
        return "it was made after the end"
    return "it was made after the ending call had begun" if tick > _begun(scene, row) else "it was made before the end"


def _begun(scene: Scene, row: Ended) -> int:
    """The tick that was over when the end began."""
    return row.tick if scene.counts_steps else row.closing_tick or row.tick


def _is_by_the_end(scene: Scene, site: Site | None, row: Ended) -> bool:
    """Whether a function that ends by contract is among those that made it."""
    ends = (place for one in scene.contracts.lifetimes if one.begins == row.contract for place in one.ends)
    names = {_last(place.partition(":")[2]) for place in ends}
    frames = (site, *site.callers) if site is not None else ()
    return any(_last(frame.function) in names for frame in frames)


def swallowed_for(scene: Scene, owner: int) -> Iterator[Event]:
    """Cancellations that were seen to be swallowed in coroutines of the object's class, or of a base of it."""
    kinds = scene.heap.rows.mro(scene.heap.rows.type_node(owner))
    names = {short(scene.heap.rows.class_name(one)) for one in kinds} | {short(scene.heap.type_name(owner))}
    words = (
        re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(names - {'object', ''})))})\.") if names else None
    )
    for event in scene.look.events:
        if event.kind == "swallowed-cancellation" and words is not None and words.search(event.what):
            yield event


def cause(scene: Scene, owner: int, made_at: Site | None) -> str:
    """The task whose swallowed cancellation let it be made, as the event names it; "" where that is not known."""
    for event in swallowed_for(scene, owner):
        if made_at is None or event.site is None:
            continue
        if (event.site.file, _last(event.site.function)) == (made_at.file, _last(made_at.function)):
            return event.what
    return ""


def _last(function: str) -> str:
    """Before 3.11 a function's class is not known."""
    return function.rpartition(".")[2]
