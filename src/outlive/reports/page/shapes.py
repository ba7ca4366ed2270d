"""The marks of verdicts and states: a shape for each, so that colour never speaks alone. Plain SVG, drawn here."""

from __future__ import annotations

from urllib.parse import quote

from outlive.reports.page.markup import Markup, element

# Paths in a square of 24. Verdicts: octagon with a bar, circle with a tick, diamond with a question, plain sheet.
_OUTLINES = {
    "leak": "M8 2h8l6 6v8l-6 6H8l-6-6V8z",
    "no-leak": "M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20z",
    "could-not-tell": "M12 1.5L22.5 12L12 22.5L1.5 12z",
    "snapshot": "M3 3h8v8H3zM13 3h8v5h-8zM13 10h8v11h-8zM3 13h8v8H3z",
}
_SIGNS = {
    "leak": "M12 6.5v7M12 16.9v.6",
    "no-leak": "M7.5 12.4l3 3l6-6.6",
    "could-not-tell": "M9.6 9.6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.9M12 16.6v.5",
    "snapshot": "",
}
_TAB_COLOURS = {"leak": "#b3261e", "no-leak": "#1d6b3a", "could-not-tell": "#8a5a00", "snapshot": "#1f5fae"}
# States of objects on a holder path: ring, filled square, dotted ring.
_STATES = {
    "expected": {"d": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z", "class_": "ring"},
    "stuck": {"d": "M2.5 2.5h11v11h-11z", "class_": "full"},
    "unknown": {"d": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z", "class_": "ring dotted"},
}


def verdict_mark(mark: str) -> Markup:
    """The large mark beside a verdict's word; the word says the same to those who do not see it."""
    outline = element("path", d=_OUTLINES[mark], class_="outline")
    sign = element("path", d=_SIGNS[mark], class_="sign") if _SIGNS[mark] else None
    return element("svg", outline, sign, viewBox="0 0 24 24", class_="mark", aria_hidden="true")


def state_mark(state: str) -> Markup:
    """The small mark of an object on a holder path."""
    return element("svg", element("path", **_STATES[state]), viewBox="0 0 16 16", class_="state", aria_hidden="true")


def favicon(mark: str) -> str:
    """The mark as a data URI, for the browser's tab."""
    sign = f'<path d="{_SIGNS[mark]}" fill="none" stroke="#fff" stroke-width="2.2"/>' if _SIGNS[mark] else ""
    shape = f'<path d="{_OUTLINES[mark]}" fill="{_TAB_COLOURS[mark]}"/>{sign}'
    return "data:image/svg+xml," + quote(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{shape}</svg>')
