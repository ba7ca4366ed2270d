"""Claims of many reports into findings: one for each mistake, with a witness for each report that tells of it.

Theory of operation. Claims of one kind with the same calls (`calls.inner_calls`, by name) are one mistake, whatever
the tool, unless what they say of modules or source files shows that equal names mean different code. A claim whose
innermost call is known by nothing is never joined to another. A static analyser often begins its path in the middle of
the program, so its claim also joins the findings that were made at its very place: function, file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from outlive.imports.calls import inner_calls, is_known, key, same_file, shown, without_allocator
from outlive.imports.disagreements import disagreements
from outlive.imports.figures import together
from outlive.imports.limits import TEXT_CHARS
from outlive.imports.names import is_qualified, last_part
from outlive.imports.whose import owner_of
from outlive.model.explanation import Owner, OwnerKind
from outlive.model.imported import (
    LOSSES,
    Amount,
    Claim,
    Frame,
    ImportedFinding,
    Loss,
    Report,
    Stack,
    Witness,
)

_LOST = frozenset({"leak", "fd-not-closed", "handle-open"})
_MAIN_ROLES = ("allocated", "opened", "open")
_PLACES = 8
# Different code under the very same names: more than this is no program, and comparing each with each would take long.
_MOST_ALIKE = 200


@dataclass(frozen=True)
class _Told:
    """A claim, the number of its report, and the calls that tell which mistake it is."""

    report: int
    claim: Claim
    calls: tuple[Frame, ...]


@dataclass
class _Group:
    """What will be a finding."""

    kind: str
    resource: str
    calls: tuple[Frame, ...]
    claims: list[_Told] = field(default_factory=list)


def findings(reports: Sequence[Report], mine: Sequence[str] = ()) -> list[ImportedFinding]:
    """One for each mistake; what is surely lost first, then by size."""
    groups = _grouped(reports)
    made = [_finding(group, reports, mine) for group in groups]
    return sorted(made, key=_order)


def main_stack(claim: Claim) -> Stack:
    """The stack that tells which mistake it is: of a loss, where it was made; of a wrong use, where it was used."""
    wanted = _MAIN_ROLES if claim.kind in _LOST else ("used",)
    known = [one for one in claim.stacks if one.role in wanted and one.frames]
    return known[0] if known else next((one for one in claim.stacks if one.frames), Stack("unknown"))


def _grouped(reports: Sequence[Report]) -> list[_Group]:
    by_key: dict[tuple[object, ...], list[_Group]] = {}
    lonely: list[_Group] = []
    static: list[_Told] = []
    for number, report in enumerate(reports):
        for claim in report.claims:
            told = _Told(number, claim, inner_calls(main_stack(claim)))
            if claim.seen:
                _put(by_key, lonely, told)
            else:
                static.append(told)
    _join_shorter_names(by_key)
    groups = [*(one for same in by_key.values() for one in same), *lonely]
    places = _by_place(groups)
    for told in static:
        joined = _at_its_place(places, told)
        for group in joined:
            group.claims.append(told)
        if not joined:
            _put(by_key, lonely, told)
    return [*(one for same in by_key.values() for one in same), *lonely]


def _put(by_key: dict[tuple[object, ...], list[_Group]], lonely: list[_Group], told: _Told) -> None:
    calls, claim = told.calls, told.claim
    if not calls or not (is_known(calls[0]) or _placed(calls[0])):
        lonely.append(_Group(claim.kind, claim.resource, calls, [told]))
        return
    # A static analyser that names no function is known by its place.
    names = tuple(key(one) if is_known(one) else f"{one.file}:{one.line}" for one in calls)
    groups = by_key.setdefault((claim.kind, claim.resource, names), [])
    group = next((one for one in groups if _one_code(one.calls, calls)), None)
    if group is None and len(groups) >= _MOST_ALIKE:
        lonely.append(_Group(claim.kind, claim.resource, calls, [told]))
    elif group is None:
        groups.append(_Group(claim.kind, claim.resource, calls, [told]))
    else:
        group.calls = tuple(_fuller(one, other) for one, other in zip(group.calls, calls))
        group.claims.append(told)


def _join_shorter_names(by_key: dict[tuple[object, ...], list[_Group]]) -> None:
    """Debug information of an inlined call says `take` where the symbol says `app::Pool<int>::take`.

    Such a group joins the one that it can mean; where it can mean two, it stays what it is.
    """
    alike: dict[tuple[object, ...], list[_Group]] = {}
    for same in by_key.values():
        for group in same:
            parts = tuple(last_part(key(one)) for one in group.calls)
            alike.setdefault((group.kind, group.resource, parts), []).append(group)
    for groups in alike.values():
        for group in groups if 1 < len(groups) <= _MOST_ALIKE else ():
            into = [one for one in groups if one.claims and one is not group and _says_more(one.calls, group.calls)]
            if len(into) == 1 and group.claims:
                into[0].claims += group.claims
                into[0].calls = tuple(_fuller(one, other) for one, other in zip(into[0].calls, group.calls))
                group.claims = []
    for same in by_key.values():
        same[:] = [one for one in same if one.claims]


def _says_more(some: tuple[Frame, ...], others: tuple[Frame, ...]) -> bool:
    """Whether each name of `some` is the other's, or the other's with what it lies in; and at least one is longer."""
    names = [(key(one), key(other)) for one, other in zip(some, others)]
    fits = all(one == other or (not is_qualified(other) and is_qualified(one)) for one, other in names)
    return fits and any(one != other for one, other in names) and _one_code(some, others)


def _placed(frame: Frame) -> bool:
    return bool(frame.file) and frame.line > 0


def _one_code(some: tuple[Frame, ...], others: tuple[Frame, ...]) -> bool:
    """Whether equal names can mean equal code: files where both are known, else modules where both are."""
    return all(_one_place(one, other) for one, other in zip(some, others))


def _one_place(one: Frame, other: Frame) -> bool:
    if one.file and other.file:
        return same_file(one.file, other.file)
    if one.module and other.module:
        return shown(one) == shown(other)
    return True


def _fuller(one: Frame, other: Frame) -> Frame:
    """What the first says, and what only the second does."""
    line = one.line if one.file else other.line
    return Frame(
        one.function or other.function,
        one.module or other.module,
        one.file or other.file,
        line,
        one.inlined,
        max(one.offset, other.offset),
    )


def _by_place(groups: Iterable[_Group]) -> dict[tuple[str, str, int], list[tuple[_Group, Frame]]]:
    """The groups by kind, and by file name and line of the place that their claims were made at."""
    places: dict[tuple[str, str, int], list[tuple[_Group, Frame]]] = {}
    for group in groups:
        for frame in {told.calls[0] for told in group.claims if told.calls}:
            if frame.line:
                name = frame.file.rsplit("/", 1)[-1]
                places.setdefault((group.kind, name, frame.line), []).append((group, frame))
    return places


def _at_its_place(places: dict[tuple[str, str, int], list[tuple[_Group, Frame]]], told: _Told) -> list[_Group]:
    """Each group that was made at the static claim's innermost place."""
    if not told.calls or not told.calls[0].line:
        return []
    at = told.calls[0]
    found: list[_Group] = []
    for group, frame in places.get((told.claim.kind, at.file.rsplit("/", 1)[-1], at.line), ()):
        names = {last_part(at.function), last_part(frame.function)}
        named = not at.function or not frame.function or len(names) == 1
        if named and same_file(at.file, frame.file) and not any(group is one for one in found):
            found.append(group)
    return found


def _finding(group: _Group, reports: Sequence[Report], mine: Sequence[str]) -> ImportedFinding:
    witnesses = _witnesses(group, reports)
    loss = _surest(witnesses)
    leading = _leading(witnesses, loss)
    claims = [told.claim for told in group.claims]
    best = max(claims, key=lambda one: (one.seen, len(one.stacks), _rank(one.loss)))
    owner, called_by = _whose(group.calls, mine)
    return ImportedFinding(
        kind=group.kind,
        resource=group.resource,
        loss=loss,
        count=leading[0],
        bytes=leading[1],
        stacks=tuple(without_allocator(one) for one in best.stacks),
        place=_place(group.calls),
        owner=owner,
        called_by=called_by,
        witnesses=witnesses,
        fingerprint=_fingerprint(group),
        identity=tuple(shown(one) for one in group.calls),
        symbolised=bool(group.calls) and all(one.function for one in group.calls),
        disagreements=disagreements(witnesses),
    )


def _witnesses(group: _Group, reports: Sequence[Report]) -> tuple[Witness, ...]:
    """One for each report, its amounts by class."""
    found = []
    for number in sorted({told.report for told in group.claims}):
        mine = [told for told in group.claims if told.report == number]
        claims = [told.claim for told in mine]
        losses = [one for one in (*LOSSES, None) if any(claim.loss is one for claim in claims)]
        amounts = tuple(_amount(loss, [one for one in claims if one.loss is loss]) for loss in losses)
        places = dict.fromkeys(_place(told.calls) for told in mine)
        text = next((one.text for one in claims if one.text), "")[:TEXT_CHARS]
        tool = reports[number].tool
        seen = any(one.seen for one in claims)
        found.append(Witness(number, tool, amounts, tuple(one for one in places if one)[:_PLACES], text, seen))
    return tuple(found)


def _amount(loss: Loss | None, claims: Sequence[Claim]) -> Amount:
    return Amount(loss, together([one.count for one in claims]), together([one.bytes for one in claims]))


def _rank(loss: Loss | None) -> int:
    """Higher for what is surer."""
    return -LOSSES.index(loss) if loss is not None else -len(LOSSES)


def _surest(witnesses: Iterable[Witness]) -> Loss | None:
    told = [amount.loss for one in witnesses for amount in one.amounts if amount.loss is not None]
    return min(told, key=LOSSES.index) if told else None


def _leading(witnesses: Sequence[Witness], loss: Loss | None) -> tuple[int, int]:
    """The amounts of the first witness of the surest class. What it lost indirectly, its own loss has with it."""
    classes = (Loss.DEFINITE, Loss.INDIRECT) if loss is not None and loss.is_leak else (loss,)
    told = [one for one in witnesses if any(amount.loss is loss for amount in one.amounts)]
    told.sort(key=lambda one: all(amount.bytes < 0 for amount in one.amounts))
    amounts = [one for one in told[0].amounts if one.loss in classes] if told else []
    return together([one.count for one in amounts]), together([one.bytes for one in amounts])


def _whose(calls: Sequence[Frame], mine: Sequence[str]) -> tuple[Owner, str]:
    """The innermost call's owner, and where that is not the application the first call that is."""
    if not calls:
        return Owner(OwnerKind.UNKNOWN), ""
    owner = owner_of(calls[0], mine)
    if owner.kind is OwnerKind.YOURS:
        return owner, ""
    first = next((one for one in calls if owner_of(one, mine).kind is OwnerKind.YOURS), None)
    return owner, _place((first,)) if first is not None else ""


def _place(calls: Sequence[Frame]) -> str:
    """ "leak.c:10 in make_chain", or what is known of it."""
    if not calls:
        return ""
    at = calls[0]
    where = f"{at.file}:{at.line}" if at.line else at.file
    if where and at.function.endswith(where):
        return at.function
    if where:
        return f"{where} in {at.function}" if at.function else where
    return shown(at)


def _fingerprint(group: _Group) -> str:
    """Of the calls' names. A module stands in it only where there is no name: not every tool says the module of a call
    that has one, and the same mistake must have the same fingerprint in every tool."""
    names = [key(one) if is_known(one) else f"{one.file.rsplit('/', 1)[-1]}:?" for one in group.calls]
    if not any(is_known(one) for one in group.calls):
        names += [told.claim.text for told in group.claims[:1]]
    text = "\0".join((group.kind, group.resource, *names))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _order(one: ImportedFinding) -> tuple[object, ...]:
    lost = LOSSES.index(one.loss) if one.loss is not None and one.seen else len(LOSSES)
    return -1 if one.is_broken else lost, -one.bytes, -one.count, one.place, one.fingerprint
