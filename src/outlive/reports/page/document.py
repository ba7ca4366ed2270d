"""The shell of a page: head, policy, styles, scripts, data. Knows the assets; knows nothing of what a page says."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from outlive import __version__
from outlive.reports.page.markup import Markup, element
from outlive.reports.page.shapes import favicon

_STYLES = ("colours.css", "text.css", "findings.css", "heap.css", "print.css")
_SCRIPTS = ("words.js", "theme.js", "tables.js", "squares.js", "treemap.js", "start.js")
# Legal in JSON, but able to end a script element or a line of script.
_UNSAFE = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Sheet:
    """What one page says: its title, the mark shown in the browser's tab, its parts, and the data of its scripts."""

    title: str
    mark: str
    parts: tuple[Markup, ...]
    data: dict[str, Any] = field(default_factory=dict)


def document(sheet: Sheet) -> str:
    """The whole page."""
    style, script = _joined(_STYLES), _joined(_SCRIPTS)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generator", content=f"outlive {__version__}"),
        element("title", sheet.title),
        element("link", rel="icon", href=favicon(sheet.mark)),
        Markup(f"<style>{style}</style>"),
    )
    body = element(
        "body",
        element("main", *sheet.parts),
        element("footer", element("p", f"Outlive {__version__}. This page is one file and fetches nothing.")),
        Markup(f'<script type="application/json" id="data">{embedded(sheet.data)}</script>'),
        Markup(f"<script>{script}</script>"),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en').html}\n"


def embedded(data: object) -> str:
    r"""JSON that cannot leave the script element it stands in.

    >>> embedded("</script>")
    '"\\u003c/script\\u003e"'
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_UNSAFE)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


@cache
def _joined(names: tuple[str, ...]) -> str:
    folder = files(__package__) / "assets"
    return "\n".join((folder / one).read_text(encoding="utf-8").strip() for one in names)
