"""Which line opens what nobody closes: descriptors and child processes, from what a watched process saw of its steps.

Given are single openings that are still there, each with its candidates: who may have opened it. Where there is one
candidate it was that one; where threads ran side by side it is the one that most openings have in common. Openings
that are left without anybody, or with two who fit alike, are told as nobody's: no wrong accusation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.context import Context
from outlive.explain.fingerprint import digest
from outlive.explain.owner import frames_of, owner_of_site, site_to_tell
from outlive.explain.packages import UNKNOWN, owner_of_file
from outlive.model.explanation import Explanation, Hop, Owner, OwnerKind, Site, State

NOBODY = "no Python object"
_ANSWERS = {"fd": "fds", "process": "children"}
KINDS = frozenset(_ANSWERS)
"""The kinds of findings whose openings can be watched."""
_THINGS = {"fd": "{} descriptor", "process": "{} child process"}
_VERBS = {"fd": ("opens", "closes"), "process": ("starts", "waits for")}
# What native threads open is seen wherever Python happens to be, each time elsewhere. So a place is told when openings
# agree on it: so many, and such a share of them; nearly all, where no C function is known to have done it. A single
# opening can agree with none: its line is not certain.
_FEWEST, _SHARE, _SHARE_UNNAMED = 2, 0.25, 0.9


@dataclass(frozen=True)
class _Place:
    """Where something was opened. `function` is the C function that did, "" where that is not known."""

    function: str
    frames: tuple[tuple[str, int, str], ...]
    exact: bool

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The same place, told to the line or not."""
        return self.function, tuple((file, name) for file, _, name in self.frames)


def explain_opened(answer: Mapping[str, Any], type_name: str, context: Context) -> tuple[Explanation, ...]:
    """One explanation for each place that left some of `type_name` behind, the one of most first.

    `answer` is what the child told of its openings; empty when it told nothing of this kind.
    """
    rows = [row for row in answer.get(_ANSWERS.get(context.kind, ""), ()) if type_name in ("", row["kind"])]
    choices = [[_place(one) for one in row["candidates"]] for row in rows]
    places = _settled(choices)
    counted = Counter(place.key for place in places)
    told = []
    for key, count in counted.most_common():
        share = _SHARE if key[0] else _SHARE_UNNAMED
        if count >= max(min(_FEWEST, len(rows)), share * len(rows)):
            is_certain = count >= _FEWEST and not answer.get("unseen_threads")
            told.append(_explain(_clearest(key, places), is_certain, (count, len(rows)), type_name, context))
    return tuple(told)


def with_site(found: tuple[Explanation, ...], opened: tuple[Explanation, ...]) -> tuple[Explanation, ...]:
    """What is known of Python objects leads where it names a holder; the opening adds where, if that is not known.

    Empty where no holder is named and the openings say more.
    """
    if not opened or not found:
        return found
    if not found[0].path and not found[0].held_by:
        return ()
    if found[0].site is not None:
        return found
    return (replace(found[0], site=opened[0].site, made_by=opened[0].made_by), *found[1:])


def _place(candidate: Mapping[str, Any]) -> _Place:
    frames = tuple((str(file), int(line), str(name)) for file, line, name in candidate["stack"])
    return _Place(str(candidate["function"]), frames, bool(candidate["exact"]))


def _settled(choices: Sequence[Sequence[_Place]]) -> list[_Place]:
    """For each opening the place it was opened at; those that cannot be settled are left out."""
    common = Counter(key for places in choices for key in {place.key for place in places})
    settled = []
    for places in choices:
        best = sorted(places, key=lambda place: _weight(place, common), reverse=True)
        if len(best) == 1 or (best and _weight(best[0], common) > _weight(best[1], common)):
            settled.append(best[0])
    return settled


def _weight(place: _Place, common: Mapping[Any, int]) -> tuple[int, bool]:
    """How many openings may be this place's; among alike, one that was in a C function is the likelier."""
    return common[place.key], bool(place.function)


def _clearest(key: object, places: Sequence[_Place]) -> _Place:
    """The most frequent lines of a place, rather ones that are known exactly."""
    ones = [place for place in places if place.key == key]
    exact = [place for place in ones if place.exact]
    return Counter(exact or ones).most_common(1)[0][0]


def _explain(place: _Place, is_certain: bool, seen: tuple[int, int], type_name: str, context: Context) -> Explanation:
    whole = _site(place, not (place.exact and is_certain))
    site = site_to_tell(whole, context) or whole
    blamed = _first_beyond_stdlib(site, context)
    owner = owner_of_file(blamed.file, context.packages)
    facts = Facts(
        kind=context.kind,
        type=type_name,
        site=site,
        owner=owner,
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    return Explanation(
        sentence=_sentence(place, site, blamed, type_name, context),
        path=_holders(place, site, type_name, context),
        owner=_owner(owner),
        site=site,
        made_by=owner_of_site(site, context),
        advice=match(facts),
        explained=seen[0],
        sampled=seen[1],
        fingerprint=digest(context.kind, type_name, PurePath(blamed.file).name, blamed.function),
    )


def _holders(place: _Place, site: Site, type_name: str, context: Context) -> tuple[Hop, ...]:
    """Of a descriptor: that there is nobody, where others have a path. A child is the system's to keep."""
    if context.kind != "fd":
        return ()
    by = f"opened by {place.function}() at {_words(site)}" if place.function else f"opened at {_words(site)}"
    thing = f"{type_name} descriptor".strip()
    return (Hop(NOBODY, NOBODY, thing, by, State.STUCK, "Python knows its number only"),)


def _site(place: _Place, approximate: bool) -> Site:
    innermost, *outer = (Site(file, line, name) for file, line, name in place.frames)
    return replace(innermost, approximate=approximate, callers=tuple(outer))


def _first_beyond_stdlib(site: Site, context: Context) -> Site:
    """The innermost frame of somebody's: the standard library opens only what it is asked to."""
    frames = frames_of(site)
    beyond = (one for one in frames if owner_of_file(one.file, context.packages).kind is not OwnerKind.INTERPRETER)
    return next(beyond, frames[0])


def _owner(owner: Owner) -> Owner:
    return UNKNOWN if owner.kind is OwnerKind.INTERPRETER else owner


def _sentence(place: _Place, site: Site, blamed: Site, type_name: str, context: Context) -> str:
    """ "A step opens a pipe descriptor by os.pipe() at sh.py:12 in run, called from …, and nothing closes it." """
    frames = list(frames_of(site))
    inner = frames[: frames.index(blamed)]
    opens, closes = _VERBS[context.kind]
    thing = " ".join(_THINGS[context.kind].format(type_name).split())
    how = f" by {place.function}()" if place.function else ""
    if inner:
        how = f" by {inner[-1].function}()" + (f" ({place.function})" if place.function else "")
    called = f", called from {_words(frames[-1])}" if frames[-1] is not blamed else ""
    doubt = " The line is not certain." if site.approximate else ""
    unowned = ": Python knows its number only, no object is left that owns it" if context.kind == "fd" else ""
    return f"A step {opens} a {thing}{how} at {_words(blamed)}{called}, and nothing {closes} it{unowned}.{doubt}"


def _words(site: Site) -> str:
    return f"{PurePath(site.file).name}:{site.line} in {site.function}"
