"""An entry as a page to read: Markdown for `docs/leaks`, the same words laid out for a terminal.

Knows the order in which a person wants to read: what it is, why it is bad, what it looks like, what to do instead.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from outlive.catalogue.entries import PYTHON, Entry, KnownLeak, Pattern

_WIDTH = 100


def markdown(entry: Entry) -> str:
    """The entry's page."""
    parts = [f"# {entry.title}", f"`{entry.id}` · {_sort(entry)}"]
    for heading, text, code in _sections(entry):
        parts.append(f"## {heading}")
        parts += [text] if text else []
        parts += [f"```python\n{code}\n```"] if code else []
    return "\n\n".join(parts) + "\n"


def terminal(entry: Entry) -> str:
    """The entry for a terminal: no mark-up but backquotes, nothing wider than a screen."""
    parts = [f"{entry.title}\n{entry.id} · {_sort(entry)}"]
    for heading, text, code in _sections(entry):
        body = [_filled(text)] if text else []
        body += [textwrap.indent(code, "    ")] if code else []
        parts.append(f"{heading}\n" + "\n\n".join(textwrap.indent(one, "  ") for one in body))
    return "\n\n".join(parts) + "\n"


def as_json(entry: Entry) -> dict[str, object]:
    """The entry as plain data; `type` tells patterns from known leaks."""
    if isinstance(entry, KnownLeak):
        return {
            "type": "known-leak",
            "id": entry.id,
            "title": entry.title,
            "distribution": entry.distribution,
            "affected": entry.affected,
            "fixed_in": entry.fixed_in,
            "summary": entry.summary,
            "workaround": entry.workaround,
            "references": list(entry.references),
        }
    return {
        "type": "pattern",
        "id": entry.id,
        "title": entry.title,
        "kind": entry.kind,
        "what": entry.what,
        "why": entry.why,
        "example": entry.example,
        "instead": entry.instead,
        "instead_example": entry.instead_example,
        "advice": entry.advice,
        "references": list(entry.references),
    }


def versions_in_words(leak: KnownLeak) -> str:
    """Which versions have it: "flake8 <5.0.0"; just the name when every version behaves so."""
    name = "Python" if leak.distribution == PYTHON else leak.distribution
    return f"{name} {leak.affected}" if leak.affected else f"{name}, all versions"


def _sort(entry: Entry) -> str:
    if isinstance(entry, Pattern):
        return f"a pattern of {entry.kind} leaks"
    return f"a known leak of {versions_in_words(entry)}"


def _sections(entry: Entry) -> Iterator[tuple[str, str, str]]:
    """(heading, text, code) in reading order."""
    if isinstance(entry, Pattern):
        yield "What it is", entry.what, ""
        yield "Why it is bad", entry.why, ""
        yield "Example", "", entry.example
        yield "Do this instead", entry.instead, entry.instead_example
    else:
        yield "What leaks", entry.summary, ""
        yield "What to do", _remedy(entry), ""
    if entry.references:
        yield "References", "\n".join(f"- <{one}>" for one in entry.references), ""


def _remedy(leak: KnownLeak) -> str:
    fixed = f"Fixed in {leak.fixed_in}: upgrade." if leak.fixed_in else ""
    return f"{fixed} {leak.workaround}".strip()


def _filled(text: str) -> str:
    """Lines joined and broken anew; lists keep their lines, and so does what is indented, which is code."""
    if text.startswith("- "):
        return text.replace("<", "").replace(">", "")
    return "\n\n".join(
        paragraph
        if paragraph.startswith("    ")
        else textwrap.fill(" ".join(paragraph.split()), _WIDTH - 4, break_long_words=False, break_on_hyphens=False)
        for paragraph in text.split("\n\n")
    )
