"""One loss as text: what, proof, how the last pointer went, who made it, of what it consists, whose it is, a remedy."""

from __future__ import annotations

from outlive.explain.native.words import event_words
from outlive.model.native_end import LossEvent, NativeLoss
from outlive.reports import why_text
from outlive.reports.amounts import byte_size, counted
from outlive.reports.native_calls import call_lines, chain, frame_words
from outlive.reports.printable import printable
from outlive.reports.style import Style

_LONGEST_LINE = 1000
_SHOWN_PARTS = 8
_SHOWN_EVENTS = 3
_SHOWN_AFTER = 3


def loss_lines(one: NativeLoss, at: int, style: Style) -> list[str]:
    """The lines of one mistake, numbered."""
    first, *rest = why_text.wrapped(printable(one.sentence, _LONGEST_LINE), "")
    lines = [f"  {at}. {style.strong(first)}", *(f"     {style.strong(line)}" for line in rest)]
    lines += [f"     {style.quiet('proof')}  {printable(line, _LONGEST_LINE)}" for line in one.evidence]
    facts = [line for event in one.events[:_SHOWN_EVENTS] for line in _event(event, style)]
    facts += call_lines("made by", one.made, style)
    facts += _parts(one, style)
    facts += [why_text.row("whose", printable(why_text.owner_words(one.owner)), style)] if one.owner.name else []
    if len(one.processes) > 1:
        facts.append(why_text.row("lost by", f"{len(one.processes):,} processes", style))
    if one.remedy:
        first, *rest = why_text.wrapped(printable(one.remedy, _LONGEST_LINE), "")
        facts += [f"{style.quiet('what to do')}  {first}", *(f"            {line}" for line in rest)]
    facts.append(style.quiet(f"fingerprint {printable(one.fingerprint)}"))
    return [*lines, *(f"     {line}" for text in facts for line in text.splitlines())]


def _event(event: LossEvent, style: Style) -> list[str]:
    """How the last pointer went, and who was responsible, in one line and its callers."""
    where = event.at.frames[0] if event.at.frames else None
    place = frame_words(where) if where is not None else "a place that is not known"
    words = f"{place} {printable(event.words, _LONGEST_LINE)}" if event.words else event_words(event).format(place)
    seen = f" ({event.count:,} seen)" if event.count > 1 else ""
    doubt = "" if event.sure or event.words else ", as was seen with another one of the same origin"
    after = chain(event.at.frames[1 : 1 + _SHOWN_AFTER])
    lines = [f"{style.quiet('lost when'.ljust(10))}  {style.bad(words)}{seen}{doubt}"]
    lines += [f"{'':12}< {after}"] if after else []
    return lines


def _parts(one: NativeLoss, style: Style) -> list[str]:
    if not one.parts:
        return []
    words = []
    for part in one.parts[:_SHOWN_PARTS]:
        by = f" < {part.caller}" if part.caller else ""
        under = " (under others)" if part.under_count and not part.count else ""
        size = byte_size(part.bytes + part.under_bytes)
        words.append(printable(f"{part.count + part.under_count:,} from {part.what}{by}, {size}{under}"))
    if len(one.parts) > _SHOWN_PARTS:
        words.append(f"and {counted(len(one.parts) - _SHOWN_PARTS, 'other part')}")
    return [why_text.row("consists of", "\n".join(words), style)]
