"""When a pattern fits: conditions over the facts, as its data file states them.

Theory of operation. A rule's conditions must all hold. Those over references look at one of four places, because a
reference proves something only where it stands:

    before   the reference that leads to the object of `holder`'s source
    holder   the reference that leads to the object that holds the faulty one: what the container is
    faulty   the reference that should not be there
    suspect  any reference from the faulty one on, to the outliver
    passes   any reference of the path, faulty or not: for rules that say more beside

What lies before them is rightly alive, and says nothing: that a path comes through an event loop's timer heap is no
mistake of a timer. A path without a faulty reference fits no rule that asks for one. In a glob only `*` is special,
for labels are full of brackets, and "[*]" stands for itself: so is any item of a container written. `!` in front means
"anything but". `expression` is the path up to its first faulty reference: exact text keeps a rule from fitting what
only comes through there. What a family accounts for (a debugger, a tracer) fits no rule that does not name
that family.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from outlive.catalogue.facts import Facts, Link, expression_of, links_of, plain_type
from outlive.catalogue.versions import in_range

_LINK_FIELDS = {"from": "source", "from_what": "source_what", "ref": "ref", "to": "target", "to_what": "target_what"}
ANY_ITEM = "[*]"
_PLACES = ("before", "holder", "faulty", "suspect", "passes")
_TEXTS = (
    "kind",
    "type",
    "root",
    "owner",
    "owner_name",
    "family",
    "held_by",
    "expression",
    "site_file",
    "site_function",
    "counters",
    "problem",
)


@dataclass(frozen=True)
class Globs:
    """Some name must be matched by one of `wanted`, and none by one of `refused`."""

    wanted: tuple[str, ...]
    refused: tuple[str, ...]

    def fit(self, names: Sequence[str]) -> bool:
        if any(_matches(name, glob) for name in names for glob in self.refused):
            return False
        return not self.wanted or any(_matches(name, glob) for name in names for glob in self.wanted)


@dataclass(frozen=True)
class LinkRule:
    """What one reference must be like, field by field of Link."""

    fields: tuple[tuple[str, Globs], ...]

    def fits(self, link: Link) -> bool:
        return all(globs.fit((getattr(link, name),)) for name, globs in self.fields)


@dataclass(frozen=True)
class Rule:
    """All conditions of one `[[rule]]`. `certain`: only when one single reference is marked faulty."""

    texts: tuple[tuple[str, Globs], ...] = ()
    links: tuple[tuple[str, LinkRule], ...] = ()
    native: bool | None = None  # references owned by native code, or none
    hidden_cycle: bool | None = None
    pathless: bool | None = None  # no Python object holds it
    certain: bool = False
    python: str = ""

    def fits(self, facts: Facts) -> bool:
        """Whether all conditions hold of `facts`."""
        return self._flags_fit(facts) and self._texts_fit(facts) and self._links_fit(facts)

    def _flags_fit(self, facts: Facts) -> bool:
        if self.native is not None and self.native != (facts.native_references > 0):
            return False
        if self.hidden_cycle is not None and self.hidden_cycle != facts.hidden_cycle:
            return False
        if self.pathless is not None and self.pathless == any(hop.label for hop in facts.hops):
            return False
        return not self.python or in_range(facts.python, self.python)

    def _texts_fit(self, facts: Facts) -> bool:
        if facts.family and all(name != "family" for name, _ in self.texts):
            return False
        return all(globs.fit(_texts_of(facts, name)) for name, globs in self.texts)

    def _links_fit(self, facts: Facts) -> bool:
        links = links_of(facts)
        faulty = [place for place, link in enumerate(links) if link.faulty]
        if self.certain and len(faulty) != 1:
            return False
        if not all(_fits_in(rule, links) for place, rule in self.links if place == "passes"):
            return False
        placed = [(place, rule) for place, rule in self.links if place != "passes"]
        return not placed or any(
            all(_fits_in(rule, _window(links, at, place)) for place, rule in placed) for at in faulty
        )


def rule_of(table: Mapping[str, Any]) -> Rule:
    """A rule from its TOML table. Raises ValueError for a condition that is not known, or for none at all."""
    texts: list[tuple[str, Globs]] = []
    links: list[tuple[str, LinkRule]] = []
    flags: dict[str, Any] = {}
    for key, value in table.items():
        if key in _TEXTS:
            texts.append((key, _globs(value)))
        elif key in _PLACES:
            links += [(key, _link_rule(one)) for one in (value if isinstance(value, list) else [value])]
        elif key in ("native", "hidden_cycle", "pathless", "certain", "python"):
            flags[key] = value
        else:
            raise ValueError(f"no such condition: {key!r}")
    if not texts and not links and not flags:
        raise ValueError("a rule without a condition would fit everything")
    return Rule(texts=tuple(texts), links=tuple(links), **flags)


def _window(links: Sequence[Link], faulty: int, place: str) -> Sequence[Link]:
    if place == "suspect":
        return links[faulty:]
    at = {"faulty": faulty, "holder": faulty - 1, "before": faulty - 2}[place]
    return links[at : at + 1] if at >= 0 else ()


def _fits_in(rule: LinkRule, window: Sequence[Link]) -> bool:
    return any(rule.fits(link) for link in window)


def _texts_of(facts: Facts, name: str) -> tuple[str, ...]:
    if name == "counters":
        return tuple(facts.counters)
    if name == "site_file":
        return (facts.site.file,) if facts.site else ()
    if name == "site_function":
        return (facts.site.function,) if facts.site else ()
    if name == "expression":
        return (expression_of(facts),)
    if name == "owner":
        return (facts.owner.kind.value,)
    if name == "owner_name":
        return (facts.owner.name,)
    return (plain_type(str(getattr(facts, name))),)


def _link_rule(table: Mapping[str, Any]) -> LinkRule:
    unknown = set(table) - set(_LINK_FIELDS)
    if unknown or not table:
        raise ValueError(f"not a condition over a reference: {sorted(unknown) or table}")
    return LinkRule(tuple((_LINK_FIELDS[key], _globs(value)) for key, value in table.items()))


def _globs(value: str | Sequence[str]) -> Globs:
    globs = [value] if isinstance(value, str) else list(value)
    return Globs(
        wanted=tuple(glob for glob in globs if not glob.startswith("!")),
        refused=tuple(glob[1:] for glob in globs if glob.startswith("!")),
    )


def _matches(name: str, glob: str) -> bool:
    return _compiled(glob).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    parts = [".*".join(re.escape(part) for part in piece.split("*")) for piece in glob.split(ANY_ITEM)]
    return re.compile(re.escape(ANY_ITEM).join(parts), re.DOTALL)
