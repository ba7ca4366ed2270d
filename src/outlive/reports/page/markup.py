"""HTML built from elements: the only place where text becomes markup. Knows escaping; knows nothing of leaks.

Text is shown as it is, but for characters that would be invisible or would turn the reading direction: those are
written as their escapes, so that no name can pretend to be another. Very long text is cut in its middle, and says so.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Control, format, surrogate, private use, unassigned; line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_TEXT = 8_000
_LONGEST_NAME = 280
_VOID = frozenset({"meta", "br", "input", "link"})


@dataclass(frozen=True)
class Markup:
    """A piece of finished HTML."""

    html: str


Child = Markup | str | None


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """`<tag attributes>children</tag>`. Strings are escaped; None is left out.

    An underscore in an attribute's name stands for a dash, one at its end for nothing; True is an attribute without a
    value, False and None are none.

    >>> element("p", "a < b", class_="x", data_at=3).html
    '<p class="x" data-at="3">a &lt; b</p>'
    """
    opening = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{opening}>")
    return Markup(f"<{tag}{opening}>{join(children).html}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Several children as one piece."""
    return Markup("".join(child.html if isinstance(child, Markup) else text(child).html for child in children if child))


def text(words: str | None) -> Markup:
    """Escaped text."""
    return Markup(html.escape(visible(shortened(words or "", _LONGEST_TEXT))))


def name(words: str) -> Markup:
    """A name out of a watched program: kept apart from the reading direction around it, and cut when very long."""
    return element("bdi", shown_name(words))


def code(words: str, class_: str | None = None) -> Markup:
    """A name or an expression in the type of code."""
    return element("code", name(words), class_=class_)


def prose(words: str) -> Markup:
    """A sentence in which names stand between backquotes, as `app.CACHE` here. A backquote without a partner stays.

    >>> prose("`app.X` grows").html
    '<code><bdi>app.X</bdi></code><bdi> grows</bdi>'
    """
    pieces = words.split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = [f"{pieces[-2]}`{pieces[-1]}"]
    return join(_piece(piece, is_name=at % 2 == 1) for at, piece in enumerate(pieces))


def _piece(words: str, *, is_name: bool) -> Markup | None:
    if is_name:
        return code(words) if words else text("``")
    return element("bdi", words) if words else None


def shown_name(words: str) -> str:
    """A name as pages and their data show it."""
    return visible(shortened(words, _LONGEST_NAME))


def shortened(words: str, longest: int) -> str:
    """The text, or its two ends with the number of characters left out between them."""
    if len(words) <= longest:
        return words
    head, tail = longest * 2 // 3, longest // 4
    return f"{words[:head]} … ({len(words) - head - tail:,} characters) … {words[-tail:]}"


def visible(words: str) -> str:
    r"""What cannot be seen, as its escape; line breaks and tabs stay.

    >>> visible("a\u202eb")
    'a\\u202eb'
    """
    if words.isascii() and words.isprintable():
        return words
    return "".join(_seen(one) for one in words)


def _seen(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _UNSEEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    spelling = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {spelling}"
    if not isinstance(value, str):
        return f' {spelling}="{value}"'
    return f' {spelling}="{html.escape(visible(value))}"'
