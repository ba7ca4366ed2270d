"""What is known of one explanation, as the catalogue's rules see it, and its references one by one.

Knows the shape of a holder path; knows no snapshot and no rule. Names are taken as they come, but for two habits that
would else stand in every rule: "builtins." before a type says nothing, and a first hop such as "app.sessions" is the
module's reference ".sessions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outlive.model.explanation import Hop, Owner, OwnerKind, Site

_NOBODY = Owner(OwnerKind.UNKNOWN)


@dataclass(frozen=True)
class Facts:
    """One group of outlivers: what they are, the path that keeps them, whose it is, what is installed.

    `hops` goes from the root to the outliver; `held_by` is the faulty reference as one expression; `root` names the
    root; `counters` are those that grow with it; `problem` is the slug of what is wrong with something that has
    outlived its end, "" where growth was found; `versions` are of installed distributions; `python` is "3.12.1".
    """

    kind: str
    type: str
    hops: tuple[Hop, ...] = ()
    held_by: str = ""
    root: str = ""
    family: str = ""
    site: Site | None = None
    owner: Owner = _NOBODY
    native_references: int = 0
    hidden_cycle: bool = False
    counters: frozenset[str] = frozenset()
    problem: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    python: str = ""


@dataclass(frozen=True)
class Link:
    """One reference of a path: from an object of type `source`, by `ref`, to one of type `target`.

    `source` and `source_what` are empty where a root itself refers.
    """

    source: str
    source_what: str
    ref: str
    target: str
    target_what: str
    faulty: bool


def links_of(facts: Facts) -> tuple[Link, ...]:
    """The references of the path, from the root on."""
    found: list[Link] = []
    source, source_what = "", ""
    for place, hop in enumerate(facts.hops):
        ref = hop.pattern or hop.label
        if place == 0 and hop.type != "module" and facts.root and ref.startswith(facts.root + "."):
            source, source_what, ref = "module", facts.root, ref[len(facts.root) :]
        target = plain_type(hop.type)
        found.append(Link(source, source_what, ref, target, hop.what, hop.faulty))
        source, source_what = target, hop.what
    return tuple(found)


def expression_of(facts: Facts) -> str:
    """The path up to its first faulty reference as a person writes it, without what differs from run to run.

    >>> path = Hop("app.s", "app.s", "dict"), Hop("['a']", "[*]", "app.Session", faulty=True)
    >>> expression_of(Facts("python-object", "app.Session", path))
    'app.s[*]'
    """
    text = ""
    for hop in facts.hops:
        text += hop.pattern or hop.label
        if hop.faulty:
            return text
    return ""


def plain_type(name: str) -> str:
    """A type's name as rules write it: builtins go without their module."""
    return name.removeprefix("builtins.")
