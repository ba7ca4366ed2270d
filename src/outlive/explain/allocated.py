"""Which native code takes what stays: from what a watched process saw of its allocations in a few more steps.

Given are *piles*: blocks of one size that were taken at one place and are still there, with the lines of Python that
ran, the native frames beneath them, which the caller knows how to name, and what the blocks are. A pile counts where
it makes up a good share of what leaks per step; the rest is what any program keeps.

Three mistakes look different here:
  - a block that is no object: whoever took it, the innermost library's function, never freed it;
  - an object that a library's own function made: that function or its caller never let go of its reference;
  - an object that Python made: code that was given it kept a reference which no object holds. Who, cannot be read off
    the place where it was made; the functions of C that the line calls are named, and blamed only if it is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.context import Context
from outlive.explain.fingerprint import digest
from outlive.explain.owner import owner_of_site, place_of, site_to_tell
from outlive.explain.packages import UNKNOWN, owner_of_file, owner_of_module
from outlive.model.explanation import Explanation, NativeFrame, Owner, OwnerKind, Site
from outlive.model.verdict import Finding, Rate

KIND = "native"
"""The kind of findings that a watch over allocations can explain."""
# A pile of less than this share of what leaks is what any program keeps; one kind must be this share of a pile.
_SHARE, _OF_ONE_KIND = 0.2, 0.8
_SHOWN_FRAMES = 8
# Made out of dead ones without taking memory: a block's place may be an earlier object's.
_REUSED = ("tuple", "list", "dict", "float", "slice", "method", "builtin_function_or_method")
_EVALUATES = ("_PyEval_EvalFrameDefault", "_PyEval_Vector", "PyEval_EvalCode")
# The interpreter's own ways of taking memory; what stands before them asked for it.
_TAKES = ("PyObject_Malloc", "PyMem_Malloc", "PyMem_RawMalloc", "_PyObject_Malloc", "PyType_GenericAlloc")

Resolve = Callable[[str, int, str, int], NativeFrame]
"""From a module's path, an address as its file counts them, the nearest exported symbol and the bytes past it."""


@dataclass(frozen=True)
class _Pile:
    """Blocks of one kind from one place. `kind` "" is no object. `under_bytes` is what only goes with them.

    `native` is what the innermost line of Python called, `calling` what called that Python, `further` all that stands
    further out than that line; innermost first.
    """

    count: int
    bytes: int
    kind: str
    site: Site
    native: tuple[NativeFrame, ...]
    under_bytes: int = 0
    calling: tuple[NativeFrame, ...] = ()
    further: tuple[NativeFrame, ...] = ()


def wanted_calls(answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The lines of Python whose calls should be listened to, because objects that they made stay."""
    rows = [row for row in answer.get("rows", ()) if row["lines"] and _kind(row)]
    return list(dict.fromkeys((str(row["lines"][0][0]), int(row["lines"][0][1])) for row in rows))


def explain_allocated(
    answer: Mapping[str, Any], per_step: float, context: Context, resolve: Resolve
) -> tuple[Explanation, ...]:
    """One explanation for each place that makes up a good share of `per_step` blocks, the one of most first."""
    steps = int(answer.get("steps", 0))
    if context.kind != KIND or not steps or per_step <= 0:
        return ()
    reused = bool(answer.get("reused"))
    piles = _merged([_pile(row, resolve, reused) for row in _topmost(answer.get("rows", ()))])
    large = [one for one in piles if one.count >= _SHARE * per_step * steps]
    return tuple(_explain(one, steps, answer.get("calls", ()), context) for one in large)


def _topmost(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those that only go with others: what a lost tuple refers to is no mistake of its own."""
    by_number = {row.get("pile"): row for row in rows}
    kept_bytes: Counter[Any] = Counter()
    tops = []
    for row in rows:
        top = _top_of(row, by_number)
        if top is row:
            tops.append(row)
        else:
            kept_bytes[top.get("pile")] += row["count"] * row["size"]
    return [{**row, "under_bytes": kept_bytes[row.get("pile")]} for row in tops]


def _top_of(row: Mapping[str, Any], by_number: Mapping[Any, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Who refers to who refers to most of them; itself where nobody does, or they refer to each other."""
    seen, at = [row["pile"]] if "pile" in row else [], row
    while at.get("referred_to", 0) >= _OF_ONE_KIND * at["count"] and at["under"] in by_number:
        if at["under"] in seen:
            return by_number[min(seen[seen.index(at["under"]) :])]
        seen.append(at["under"])
        at = by_number[at["under"]]
    return at


def parted(finding: Finding, whys: Sequence[Explanation]) -> list[tuple[Finding, Explanation]]:
    """A finding for each mistake, with its share of what was counted; the counter itself cannot part them."""
    total = sum(why.explained for why in whys)
    return [(_share_of(finding, why.explained / total), why) for why in whys]


def led_by_blocks(finding: Finding) -> Finding:
    """The finding with its blocks first: references that it counts are those of the objects that these blocks are."""
    counted = next((row for row in finding.with_it if row.counter == "blocks" and not row.type), None)
    if counted is None:
        return finding
    others = tuple(row for row in (*finding.evidence, *finding.with_it) if row is not counted)
    return replace(finding, type="", count=counted.rate, evidence=(counted,), with_it=others)


def _share_of(finding: Finding, share: float) -> Finding:
    if share == 1:
        return finding
    return replace(finding, count=_part(finding.count, share), bytes=_part(finding.bytes, share))


def _part(rate: Rate, share: float) -> Rate:
    return Rate(rate.per_step * share, rate.low * share, rate.high * share)


def _kind(row: Mapping[str, Any]) -> str:
    """What the blocks are, where they are of one kind."""
    counted = Counter(row["kinds"])
    kind, count = counted.most_common(1)[0] if counted else ("", 0)
    return kind if count >= _OF_ONE_KIND * counted.total() else ""


def _pile(row: Mapping[str, Any], resolve: Resolve, reused: bool) -> _Pile:
    innermost, *outer = (Site(str(file), int(line), str(name)) for file, line, name in row["lines"])
    frames = tuple(resolve(str(path), int(at), str(symbol), int(past)) for path, at, symbol, past in row["native"])
    count = int(row["count"])
    approximate = reused and _kind(row) in _REUSED
    site = replace(innermost, callers=tuple(outer), approximate=approximate)
    frames = () if approximate else frames
    under = int(row.get("under_bytes", 0))
    size = count * int(row["size"])
    return _Pile(count, size, _kind(row), site, _inner(frames), under, _calling(frames), _further(frames))


def _inner(frames: Sequence[NativeFrame]) -> tuple[NativeFrame, ...]:
    """As far as the interpreter's loop, which runs the innermost line of Python; without how memory is taken."""
    end = next((at for at, one in enumerate(frames) if one.function in _EVALUATES), len(frames))
    begin = next((at for at, one in enumerate(frames[:end]) if one.function not in _TAKES), end)
    return tuple(frames[begin:end])


def _calling(frames: Sequence[NativeFrame]) -> tuple[NativeFrame, ...]:
    """What called the Python that ran, as far as the Python that called that."""
    begin = next((at for at, one in enumerate(frames) if one.function in _EVALUATES), len(frames))
    begin = next((at for at in range(begin, len(frames)) if frames[at].function not in _EVALUATES), len(frames))
    end = next((at for at in range(begin, len(frames)) if frames[at].function in _EVALUATES), len(frames))
    return tuple(frames[begin:end])


def _further(frames: Sequence[NativeFrame]) -> tuple[NativeFrame, ...]:
    at = next((at for at, one in enumerate(frames) if one.function in _EVALUATES), len(frames))
    return tuple(one for one in frames[at:] if one.function not in _EVALUATES)


def _merged(piles: Sequence[_Pile]) -> list[_Pile]:
    """Piles of one place and kind are one: their sizes differ, and of the first few blocks the frames are not known."""
    merged: dict[Any, _Pile] = {}
    for one in sorted(piles, key=lambda pile: (not pile.native, -pile.count)):
        place = (place_of(one.site), one.kind)
        key = (place, one.native) if one.native else next((key for key in merged if key[0] == place), (place, ()))
        known = merged.get(key)
        merged[key] = one if known is None else _together(known, one)
    return sorted(merged.values(), key=lambda pile: -pile.count)


def _together(one: _Pile, other: _Pile) -> _Pile:
    return replace(
        one,
        count=one.count + other.count,
        bytes=one.bytes + other.bytes,
        under_bytes=one.under_bytes + other.under_bytes,
    )


def _explain(pile: _Pile, steps: int, calls: Sequence[Mapping[str, Any]], context: Context) -> Explanation:
    site = site_to_tell(pile.site, context) or pile.site
    frame, owner = _blamed(pile.native, context)
    called = [] if frame is not None or not pile.kind else _called(pile.site, calls, context)
    given, maker, receiver = None, owner, UNKNOWN
    if len(called) == 1:
        owner = called[0][1]
    elif frame is None and pile.kind and not called:
        given, receiver = _blamed(pile.calling, context)
        owner = receiver
    elif frame is not None and pile.kind:
        other, receiver = _blamed(pile.further, context)
        if other is not None and receiver != owner:
            given, owner = other, UNKNOWN
    function = frame.function if frame is not None else called[0][0] if len(called) == 1 else ""
    facts = Facts(
        kind=context.kind,
        type=pile.kind,
        site=site,
        owner=owner,
        native_references=1 if pile.kind else 0,
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    return Explanation(
        sentence=_sentence(pile, site, _of(frame, maker), [name for name, _ in called], _of(given, receiver)),
        owner=owner,
        site=site,
        made_by=owner_of_site(site, context),
        native_references=1 if pile.kind else 0,
        native=pile.native[:_SHOWN_FRAMES],
        retained_bytes=round((pile.bytes + pile.under_bytes) / pile.count),
        explained=pile.count,
        sampled=pile.count,
        types=(pile.kind,) if pile.kind else (),
        advice=match(facts),
        fingerprint=digest(context.kind, pile.kind, owner.name, function, PurePath(site.file).name, site.function),
    )


def _blamed(frames: Sequence[NativeFrame], context: Context) -> tuple[NativeFrame | None, Owner]:
    """The innermost frame of a library's; the interpreter and the system only take what they are asked for."""
    for one in frames:
        owner = owner_of_file(one.module, context.packages)
        if owner.kind in (OwnerKind.LIBRARY, OwnerKind.YOURS):
            return one, owner
    return None, UNKNOWN


def _called(site: Site, calls: Sequence[Mapping[str, Any]], context: Context) -> list[tuple[str, Owner]]:
    """The functions of libraries that the line calls, with their owners; the interpreter's own keep what they get."""
    found = []
    for row in calls:
        owner = owner_of_module(str(row["module"]), context.packages)
        if (row["file"], row["line"]) == (site.file, site.line) and owner.kind in (OwnerKind.LIBRARY, OwnerKind.YOURS):
            found.append((str(row["function"]), owner))
    return found


def _of(frame: NativeFrame | None, owner: Owner) -> tuple[NativeFrame, str] | None:
    """A frame and the name of whose it is."""
    return None if frame is None else (frame, owner.name or PurePath(frame.module).name)


_Named = tuple[NativeFrame, str] | None


def _sentence(pile: _Pile, site: Site, maker: _Named, called: Sequence[str], receiver: _Named) -> str:
    at = f"{PurePath(site.file).name}:{site.line} in {site.function}"
    if maker is not None:
        return _made_by(pile, at, maker, receiver)
    if not pile.kind:
        return f"Native code that {at} calls takes {_size(pile)} each time and never frees it."
    lost = f"Each {_plain(pile.kind)} that {at} makes stays, and no object refers to it"
    if receiver is not None:
        by = f"{_function(receiver[0])} of {receiver[1]}"
        return f"{lost}: {by}, which called that, seems not to give back what it was given."
    if not called:
        return f"{lost}: native code that was given it never gave its reference back."
    if len(called) == 1:
        return f"{lost}: {called[0]}(), called there, keeps a reference that it never gives back."
    names = ", ".join(f"{name}()" for name in called)
    return f"{lost}: of the native functions called there ({names}) one keeps a reference that it never gives back."


def _made_by(pile: _Pile, at: str, maker: tuple[NativeFrame, str], receiver: _Named) -> str:
    """Of two libraries' functions on the stack, the inner one made it, and either may have lost it."""
    frame, name = maker
    by = f"{_function(frame)} of {name}, called from {at},"
    if receiver is not None:
        other = f"{_function(receiver[0])} of {receiver[1]}"
        return (
            f"Each {_plain(pile.kind)} that {by} makes stays, and no object refers to it: that function, or {other}, "
            "for which that Python ran, keeps a reference that it never gives back."
        )
    by = by[:1].upper() + by[1:] if not frame.certain or not frame.function else by
    if pile.kind:
        return f"{by} makes a {_plain(pile.kind)} each time and never lets go of it: no object refers to it."
    return f"{by} takes {_size(pile)} each time and never frees it."


def _function(frame: NativeFrame) -> str:
    if not frame.function:
        return "a function without a name"
    return f"{frame.function}()" if frame.certain else f"a function without a name (behind {frame.function})"


def _plain(kind: str) -> str:
    return kind.removeprefix("builtins.")


def _size(pile: _Pile) -> str:
    each = pile.bytes / pile.count
    return f"a block of {round(each):,} bytes"
