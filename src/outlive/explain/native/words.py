"""What is said of lost blocks: the sentence, and what to do. Knows the words; decides nothing."""

from __future__ import annotations

from outlive.model.explanation import OwnerKind
from outlive.model.leftovers import Category
from outlive.model.native_blocks import BlockKind
from outlive.model.native_end import LossEvent, NativeLoss

_SHOWN_MAKERS = 3
_FREED_BY = {
    BlockKind.NEW: "delete",
    BlockKind.NEW_ARRAY: "delete[]",
}
_WHEN = {
    Category.RUNTIME: "while it ran",
    Category.SHUTDOWN: "at its end",
    Category.TEST: "in tests",
}
_EVENTS = {
    "parent freed": "what held the only pointer was freed by {}",
    "overwritten": "the last pointer was overwritten by {}",
    "discarded": "{} went away with the only pointer to it",
}


def sentence(loss: NativeLoss) -> str:
    """What was lost, how much, when, and who had asked for it."""
    count, size = loss.count + loss.under_count, loss.bytes + loss.under_bytes
    blocks = "1 block" if count == 1 else f"{count:,} blocks"
    when = f" {_WHEN[loss.category]}" if loss.when_known else ""
    return f"{blocks} of {size:,} bytes{' in all' if count > 1 else ''} lost{when}: made by {_makers(loss)}."


def _makers(loss: NativeLoss) -> str:
    """Who made them; of several, with how many, the most first."""
    counts: dict[str, int] = {}
    for part in loss.parts:
        counts[part.what] = counts.get(part.what, 0) + part.count + part.under_count
    if len(counts) > 1:
        names = sorted(counts, key=lambda name: -counts[name])
        rest = f" and {len(names) - _SHOWN_MAKERS} others" if len(names) > _SHOWN_MAKERS else ""
        return ", ".join(f"{name} ({counts[name]:,})" for name in names[:_SHOWN_MAKERS]) + rest
    return loss.what + (f", called by {loss.caller}" if loss.caller else "")


def remedy(loss: NativeLoss) -> str:
    """What a person can do about it, as far as this is known."""
    if loss.harmless:
        return "Nothing: it is lost once and does not grow; a suppression for your other tools may name its function."
    free = _FREED_BY.get(loss.kind, "free")
    if loss.owner.kind in (OwnerKind.SYSTEM, OwnerKind.LIBRARY) and loss.caller:
        return (
            f"{loss.caller} was given it by {loss.owner.name}: see in that library's manual who must give it back, and "
            f"how. If nobody but the library can, report it there."
        )
    sure = next((one for one in loss.events if one.sure and one.at.frames), None)
    if sure is not None:
        return f"Give it back with {free}, or hand it on, before that happens."
    if loss.category is Category.RUNTIME and loss.when_known:
        where = loss.caller or "there"
        return f"Follow what {loss.what} made, from {where} on: on some way nobody calls {free} for it."
    if loss.category is Category.TEST:
        return f"Let the test end what it began: {free} it, or close what holds it, before the test returns."
    return (
        f"Close or {free} what {loss.what} made before its last holder goes; what holds it must be freed after it, and "
        f"not instead of it."
    )


def event_words(event: LossEvent) -> str:
    """ "the last pointer was overwritten by pool_dial (pool.c:120)"; the place itself is not in it."""
    return _EVENTS.get(event.kind, event.kind + " by {}")
