"""An explanation as text: who holds it, where it was made, whose it is, what to do. Lays out; decides nothing.

The holder path reads top-down, each object one step further in, the faulty reference underlined.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from outlive.model.explanation import Advice, Explanation, Hop, NativeFrame, Owner, OwnerKind, Site, State
from outlive.reports.amounts import byte_size, counted
from outlive.reports.printable import printable, printable_lines
from outlive.reports.style import Style

_DEEPEST_INDENT = 12
_WIDEST = 96
_LONGEST_SENTENCE = 1000
_SHOWN_NATIVE = 4
_SHOWN_CALLERS = 3
_SHOWN_HOLDERS = 3


def render(why: Explanation, style: Style) -> list[str]:
    """The lines, without indentation: the sentence, then its details."""
    lines = wrapped(printable(why.sentence, _LONGEST_SENTENCE), "")
    return [*lines, *([""] if why.path else []), *details(why, style)]


def details(why: Explanation, style: Style) -> list[str]:
    """All but the sentence: who holds it, where it was made, whose it is, what to do."""
    lines = []
    if why.path:
        lines += [style.quiet("who holds it"), *_path(why.path, style)]
    lines += [row(name, printable_lines(text), style) for name, text in _facts(why) if text]
    if why.advice:
        lines += ["", *_advice(why.advice, style)]
    return lines


def _advice(advice: tuple[Advice, ...], style: Style) -> list[str]:
    """The best fit in full; what else fits by its name, for `outlive explain`."""
    best, *others = advice
    lines = [f"{style.strong(best.id)}: {best.title}", *wrapped(best.text, "  ")]
    more = f"  outlive explain {best.id}" + (f" · {best.reference}" if best.reference else "")
    lines.append(style.quiet(more))
    return [*lines, *(f"or {style.strong(other.id)}: {other.title}" for other in others)]


def _path(path: tuple[Hop, ...], style: Style) -> list[str]:
    lines = []
    last_expected = max((at for at, hop in enumerate(path) if hop.state is State.EXPECTED), default=-1)
    for depth, hop in enumerate(path):
        indent = "  " * min(depth + 1, _DEEPEST_INDENT)
        label = printable(hop.label) or "(unnamed)"
        judged = _judged(hop) if depth >= last_expected else ""
        words = printable(" · ".join(part for part in (_object(hop), judged) if part))
        lines.append(f"{indent}{style.bad(label) if hop.faulty else label}  {style.quiet(words)}".rstrip())
        if hop.faulty:
            lines.append(f"{indent}{style.bad('~' * len(label))}")
    return lines


def _object(hop: Hop) -> str:
    of = hop.type.removeprefix("builtins.")
    says_type = hop.what.startswith((of, "class "))
    name = hop.what if says_type else f"{of} {hop.what}".strip()
    return f"{name} of {hop.count:,}" if hop.count else name


def _judged(hop: Hop) -> str:
    if hop.state is State.UNKNOWN:
        return hop.reason
    return f"{hop.state.value}: {hop.reason}" if hop.reason else hop.state.value


def _facts(why: Explanation) -> list[tuple[str, str]]:
    also = list(why.also_held_by[:_SHOWN_HOLDERS])
    more = len(why.also_held_by) - len(also)
    if more > 0:
        also.append(f"and {counted(more, 'other')}")
    native = (
        counted(why.native_references, "reference") + " that no Python object holds" if why.native_references else ""
    )
    return [
        ("also by", "; ".join(also)),
        ("natively", native),
        ("taken by", native_words(why.native)),
        ("made at", site_words(why.site) if why.site else ""),
        ("whose", _whose(why)),
        ("not yours", why.family),
        ("each keeps", byte_size(why.retained_bytes) if why.retained_bytes else ""),
        ("seen", _seen(why)),
    ]


def native_words(frames: Sequence[NativeFrame]) -> str:
    """The native code that took it, innermost first; what lies in a file without such names says so."""
    words = []
    for one in frames[:_SHOWN_NATIVE]:
        name = one.function if one.certain else f"?, behind {one.function}" if one.function else "?"
        at = f"{PurePath(one.file).name}:{one.line}, " if one.file else ""
        words.append(f"{name} ({at}{PurePath(one.module).name}+{one.address:#x})")
    return "\nfrom ".join(words)


def site_words(site: Site) -> str:
    """Where it was made, with its source line and the calls that led there."""
    words = f"{site.file}:{site.line} in {site.function}" + (" (approximately)" if site.approximate else "")
    if site.source:
        words += f"\n{site.source.strip()}"
    called = [f"{one.file}:{one.line} in {one.function}" for one in site.callers[:_SHOWN_CALLERS]]
    return words + "".join(f"\nfrom {one}" for one in called)


def owner_words(owner: Owner) -> str:
    """ "yours (app)", "library flask 3.0.1", "the interpreter"; "" when it is not known."""
    name = " ".join(part for part in (owner.name, owner.version) if part)
    if owner.kind is OwnerKind.UNKNOWN:
        return name
    if owner.kind is OwnerKind.YOURS:
        return f"yours ({name})" if name else "yours"
    if owner.kind is OwnerKind.LIBRARY:
        return f"library {name}".strip()
    return f"the {owner.kind.value}" + (f" ({name})" if name else "")


def _whose(why: Explanation) -> str:
    held, made = owner_words(why.owner), owner_words(why.made_by)
    if held and made and held != made:
        return f"held by {held}; made by {made}"
    return held or (f"made by {made}" if made else "")


def _seen(why: Explanation) -> str:
    if why.sampled < 2 or not any(hop.faulty for hop in why.path):
        return ""
    return f"{why.explained:,} of {why.sampled:,} looked at hang on this reference"


def row(name: str, text: str, style: Style) -> str:
    """A fact under its name; further lines of it stand below its first."""
    first, *rest = text.splitlines()
    return "\n".join([f"{style.quiet(name.ljust(10))}  {first}", *(f"{'':12}{line}" for line in rest)])


def wrapped(text: str, indent: str) -> list[str]:
    """`text` in lines of a readable width, each with `indent` before it."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) + 1 > _WIDEST:
            lines.append(indent + line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, indent + line] if line else lines
