"""Conditions as people write them: "_closed is true", "_sock is closed", "_state is 'CLOSE' and _cache is empty".

Knows the words and what may stand before them; what they mean on a heap is `explain.resource_state`'s.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from outlive.model.contracts import Condition

VALUES = ("true", "false", "none", "absent", "empty", "set")
STATES = (
    "pending", "done", "cancelled", "created", "suspended", "running", "finished", "open", "closed", "detached",
    "unlocked", "locked", "alive", "dead", "released", "exhausted", "used",
)  # fmt: skip
ITSELF = "itself"
_ATTRIBUTE = re.compile(r"[^\W\d]\w*(\[\])?(\.[^\W\d]\w*(\[\])?)*")
_QUOTED = re.compile(r"'[^']+'")


def condition_of(text: str) -> Condition:
    """The condition that the text says; raises ValueError with what to write instead.

    >>> condition_of("_proc is none").attribute
    '_proc'
    """
    first, *others = [_one(part) for part in text.split(" and ")]
    return Condition(first.attribute, first.is_, first.state, tuple(others)) if others else first


def _one(text: str) -> Condition:
    left, is_, right = (part.strip() for part in text.partition(" is "))
    if not is_ or not right:
        raise ValueError(f'{text!r} is no condition: write an attribute, `is` and a word, as in "_closed is true"')
    if left != ITSELF and not _ATTRIBUTE.fullmatch(left):
        raise ValueError(
            f"{left!r} is no attribute: write its name, dots for those of attributes, [] for each element, `{ITSELF}`"
        )
    attribute = "" if left == ITSELF else left
    if right in STATES:
        return Condition(attribute, state=right)
    if attribute and (right in VALUES or _QUOTED.fullmatch(right)):
        return Condition(attribute, right)
    raise ValueError(_wrong_word(text, right, itself=not attribute))


def _wrong_word(text: str, word: str, itself: bool) -> str:
    words = STATES if itself else (*VALUES, *STATES)
    near = get_close_matches(word, words, 1)
    instead = f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(words)}, or a text in single quotes"
    return f"{text!r}: {word!r} is no word for {'the object itself' if itself else 'an attribute'}; {instead}"
