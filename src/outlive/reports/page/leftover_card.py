"""What outlived its end as HTML: each leak with its proof and who holds it, then what fails nothing, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from outlive.explain.lasting import is_leak
from outlive.model.leftovers import Leftover
from outlive.reports.page.holder_path import holder_path
from outlive.reports.page.markup import Markup, element, prose, shortened

_MOST, _LONGEST = 50, 1200


def leftover_section(leftovers: Sequence[Leftover]) -> Markup | None:
    """One section; None where there is nothing."""
    if not leftovers:
        return None
    leaks = [one for one in leftovers if is_leak(one)][:_MOST]
    others = [one for one in leftovers if not is_leak(one)][:_MOST]
    rows = [element("li", prose(shortened(one.sentence, _LONGEST))) for one in others]
    return element(
        "section",
        element("h2", "What outlived its end"),
        *(_leak(one) for one in leaks),
        element("p", "Seen, and no leak.", class_="quiet") if rows else None,
        element("ul", *rows) if rows else None,
    )


def _leak(one: Leftover) -> Markup:
    """A card like a finding's."""
    proof = [element("li", prose(shortened(line, _LONGEST))) for line in one.evidence]
    return element(
        "details",
        element("summary", element("span", element("h3", prose(shortened(one.sentence, _LONGEST))), class_="said")),
        element(
            "div",
            element("p", prose(shortened(one.matters, _LONGEST))) if one.matters else None,
            holder_path(one.explanation.path) if one.explanation else None,
            element("ul", *proof) if proof else None,
            element("p", prose(shortened(one.remedy, _LONGEST))) if one.remedy else None,
            class_="body",
        ),
        class_="finding",
        open=True,
    )
