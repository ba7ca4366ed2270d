"""The holder path as HTML: from the root down to the outliver, the faulty reference underlined. Decides nothing."""

from __future__ import annotations

from outlive.model.explanation import Hop, State
from outlive.reports.page.markup import Markup, code, element, name
from outlive.reports.page.shapes import state_mark

_MOST_HOPS = 40


def holder_path(path: tuple[Hop, ...]) -> Markup | None:
    """One item for each object, with the reference that leads to it; the middle of a very long path is left out."""
    if not path:
        return None
    rows = [_hop(hop, last=at == len(path) - 1) for at, hop in enumerate(path)]
    if len(rows) > _MOST_HOPS:
        half = _MOST_HOPS // 2
        hidden = element("li", f"{len(rows) - _MOST_HOPS:,} objects between", class_="hop hidden")
        rows = [*rows[:half], hidden, *rows[-half:]]
    return element("ol", *rows, class_="path")


def _hop(hop: Hop, *, last: bool) -> Markup:
    reference = code(hop.label or "(unnamed)", "reference")
    if hop.faulty:
        reference = element("strong", reference, class_="faulty-reference")
    blame = element("span", "faulty reference", class_="blame") if hop.faulty else None
    end = element("span", "the outliver", class_="end") if last and not hop.faulty else None
    classes = " ".join(["hop", hop.state.value, *(["faulty"] if hop.faulty else [])])
    return element(
        "li",
        state_mark(hop.state.value),
        element("div", reference, blame, end, class_="line"),
        element("div", _object(hop), _judged(hop), class_="what"),
        class_=classes,
    )


def _object(hop: Hop) -> Markup:
    """ "dict of 812", "function listen": the type, and what more is known of the object."""
    of = hop.type.removeprefix("builtins.")
    words = hop.what if hop.what.startswith(of) else f"{of} {hop.what}".strip()
    return element("span", name(words), f" of {hop.count:,}" if hop.count else None)


def _judged(hop: Hop) -> Markup | None:
    """The state in words: its mark is never the only sign. An unknown without a reason has nothing to say."""
    if hop.state is State.UNKNOWN and not hop.reason:
        return None
    return element(
        "span",
        element("b", hop.state.value),
        f": {hop.reason}" if hop.reason else None,
        class_=f"judged {hop.state.value}",
    )
