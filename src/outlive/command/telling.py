"""What native code lost or keeps, as findings: the sentence, the stack, whose it is. Judges nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from outlive.command.origins import Origin
from outlive.model.explanation import Explanation, NativeFrame, Site
from outlive.model.verdict import Evidence, Finding, Rate

KIND = "native"
LOST, LOST_BYTES, ALIVE, ALIVE_BYTES = "blocks lost", "bytes lost", "blocks alive", "bytes alive"
NO_RATE = Rate(0.0, 0.0, 0.0)


def names_of(origins: Sequence[Origin]) -> list[str]:
    """A name for each, none twice: the function, with its caller where two share it, with its file where those do."""
    plain = [one.name for one in origins]
    called = [_called(one) for one in origins]
    shown = [with_caller if Counter(plain)[name] > 1 else name for name, with_caller in zip(plain, called)]
    often = Counter(shown)
    whole = [
        f"{name} in {PurePath(one.asked.module).name}" if often[name] > 1 else name for name, one in zip(shown, origins)
    ]
    seen: Counter[str] = Counter()
    for at, name in enumerate(whole):
        seen[name] += 1
        if seen[name] > 1:
            whole[at] = f"{name} ({seen[name]})"
    return whole


def _called(origin: Origin) -> str:
    caller = origin.asked.caller
    return f"{origin.name} < {caller.function}" if caller is not None else origin.name


def lost_finding(origin: Origin, evidence: Sequence[Evidence]) -> Finding:
    """`evidence`: blocks, then bytes."""
    sentence = (
        f"{_subject(origin)} makes blocks that nothing leads to any more: no pointer to them is left in the "
        "program's memory, so nobody can free them."
    )
    return _finding(origin, evidence, sentence, "lost", "")


def kept_finding(origin: Origin, evidence: Sequence[Evidence], holder: str, beside: Sequence[Evidence] = ()) -> Finding:
    """Blocks that are held, and whose number or size grows with the steps."""
    held = f", held by {holder}" if holder else ""
    sentence = (
        f"{_subject(origin)} makes blocks that stay{held}: there are more of them, or larger ones, with each step."
    )
    return _finding(origin, evidence, sentence, "kept", holder, beside)


def _finding(
    origin: Origin, evidence: Sequence[Evidence], sentence: str, how: str, holder: str, beside: Sequence[Evidence] = ()
) -> Finding:
    count = next((one.rate for one in evidence if not one.unit), NO_RATE)
    size = next((one.rate for one in evidence if one.unit == "bytes"), NO_RATE)
    identity = fingerprint(how, *origin.asked.key)
    why = Explanation(
        sentence=sentence,
        held_by=holder,
        owner=origin.owner,
        made_by=origin.owner,
        site=_site(origin),
        native=tuple(origin.asked.frames),
        retained_bytes=round(size.per_step / count.per_step) if count.per_step > 0 else 0,
        fingerprint=identity,
    )
    return Finding(
        KIND, evidence[0].type, count, size, tuple(evidence[:1]), identity, "", (*evidence[1:], *beside), why
    )


def unnamed_finding(evidence: Sequence[Evidence]) -> Finding:
    """Blocks are lost with each step, and no single function loses enough of them to be named."""
    detail = "many functions lose a few blocks each; none of them alone could be confirmed"
    identity = fingerprint("lost", "many")
    return Finding(KIND, "", evidence[0].rate, NO_RATE, tuple(evidence), identity, detail)


def fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join((KIND, *parts)).encode()).hexdigest()[:12]


def _subject(origin: Origin) -> str:
    asked = origin.asked
    if asked.line is not None:
        return f"Native code that {asked.what} calls"
    if asked.by is None:
        return f"A function without a name ({asked.what})" if asked.module else "An unknown function"
    at = f" ({PurePath(asked.by.file).name}:{asked.by.line})" if asked.by.file else ""
    called = f", called by {asked.caller.function}," if asked.caller is not None else ""
    return f"{asked.by.function}{at}{called}"


def _site(origin: Origin) -> Site | None:
    if origin.lines:
        first, *further = (Site(one.file, one.line, one.function) for one in origin.lines)
        return Site(first.file, first.line, first.function, callers=tuple(further))
    by = origin.asked.by
    if by is None or not by.file:
        return None
    frames = [one for one in origin.asked.frames[_place(origin.asked.frames, by) + 1 :] if one.file]
    return Site(by.file, by.line, by.function, callers=tuple(Site(one.file, one.line, one.function) for one in frames))


def _place(frames: Sequence[NativeFrame], frame: NativeFrame) -> int:
    return next((at for at, one in enumerate(frames) if one is frame), 0)
