"""A check's JSON back as a `CheckResult`. The file may be anybody's: what does not fit the schema is refused by name.

Fields that an older Outlive did not write are read as absent. Numbers that JSON cannot hold were written as null:
a rate comes back as NaN, an e-value as infinite.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from outlive.errors import OutliveError
from outlive.model.explanation import Advice, Explanation, Hop, NativeFrame, Owner, OwnerKind, Site, State
from outlive.model.leftovers import Answer, Category, Leftover, StuckGrade
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import CheckResult, Control, Cost, Evidence, Finding, Note, Outcome, Rate, Verdict
from outlive.reports.check_json import SCHEMA

_DEEPEST = 60
T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class NotACheckResult(OutliveError):
    """The file is not the JSON of a check."""

    slug = "not-a-check-result"
    exit_code = 2


@dataclass(frozen=True)
class Fields:
    """One JSON object, and where it stands in the file."""

    values: Mapping[str, Any]
    where: str = ""

    def take(self, name: str, of: tuple[type, ...], default: Any) -> Any:
        """The field, `default` when it is absent or null. Raises NotACheckResult when it is something else."""
        value = self.values.get(name)
        if value is None:
            return default
        if type(value) not in of:  # not isinstance: True is an int to it, and no number to a reader
            raise NotACheckResult(f"not a check's result: {self.where}{name} is {_kind(value)}", hint=_HINT)
        return value

    def text(self, name: str) -> str:
        return str(self.take(name, (str,), ""))

    def whole(self, name: str) -> int:
        return int(self.number(name, 0.0))

    def number(self, name: str, absent: float = math.nan) -> float:
        value = self.take(name, (int, float), absent)
        try:
            return float(value) if math.isfinite(value) else absent
        except OverflowError:
            return absent

    def flag(self, name: str) -> bool:
        return bool(self.take(name, (bool,), False))

    def inner(self, name: str) -> Fields | None:
        value = self.values.get(name)
        return None if value is None else _fields(value, f"{self.where}{name}")

    def rows(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        values: list[Any] = self.take(name, (list,), [])
        return tuple(read(_fields(value, f"{self.where}{name}[{at}]")) for at, value in enumerate(values))

    def texts(self, name: str) -> tuple[str, ...]:
        values: list[Any] = self.take(name, (list,), [])
        return tuple(str(value) for value in values if isinstance(value, str))

    def choice(self, name: str, of: type[E], default: E | None = None) -> E:
        word = self.text(name)
        for member in of:
            if member.value == word:
                return member
        if default is None:
            raise NotACheckResult(f"not a check's result: {self.where}{name} is {word[:40]!r}", hint=_HINT)
        return default


_HINT = "outlive check scenario.py --json-to result.json"


def read_check(text: str) -> CheckResult:
    """The result in `text`. Raises NotACheckResult."""
    try:
        top = _fields(json.loads(text), "")
    except (ValueError, RecursionError) as error:
        raise NotACheckResult("not a check's result: it is no JSON", why=str(error)[:200], hint=_HINT) from error
    schema = top.text("schema")
    if schema != SCHEMA:
        words = f"schema is {schema[:60]!r}, not {SCHEMA!r}" if schema else "it names no schema"
        raise NotACheckResult(f"not a check's result: {words}", hint=_HINT)
    visible = top.inner("smallest_visible") or Fields({})
    return CheckResult(
        scenario=top.text("scenario"),
        verdict=top.choice("verdict", Verdict),
        reason=top.text("reason"),
        outcome=top.choice("outcome", Outcome),
        findings=top.rows("findings", _finding),
        notes=top.rows("notes", lambda row: Note(row.text("slug"), row.text("text"))),
        controls=top.rows("controls", _control),
        smallest_visible={name: _rate(visible, name) for name in visible.values},
        cost=_cost(top.inner("cost")),
        python=top.text("python"),
        traceback=top.text("traceback"),
        output_tail=top.text("output_tail"),
        leftovers=top.rows("leftovers", _leftover),
        is_command=top.flag("is_command"),
    )


def _finding(row: Fields) -> Finding:
    why = row.inner("explanation")
    return Finding(
        kind=row.text("kind"),
        type=row.text("type"),
        count=_rate(row, "count"),
        bytes=_rate(row, "bytes"),
        evidence=row.rows("evidence", _evidence),
        fingerprint=row.text("fingerprint"),
        detail=row.text("detail"),
        with_it=row.rows("with_it", _evidence),
        explanation=None if why is None else _explanation(why),
        series=row.rows("series", _series),
    )


def _leftover(row: Fields) -> Leftover:
    why = row.inner("explanation")
    return Leftover(
        kind=row.text("kind"),
        type=row.text("type"),
        count=row.whole("count"),
        answer=row.choice("answer", Answer),
        problem=row.text("problem"),
        sentence=row.text("sentence"),
        category=row.choice("category", Category, Category.RUNTIME),
        matters=row.text("matters"),
        lifetime=row.text("lifetime"),
        ended_at=_site(row.inner("ended_at")),
        made_at=_site(row.inner("made_at")),
        made_by=_owner(row.inner("made_by")),
        owner=_owner(row.inner("owner")),
        explanation=None if why is None else _explanation(why),
        stuck=row.choice("stuck", StuckGrade, StuckGrade.NOT),
        examples=row.texts("examples"),
        evidence=row.texts("evidence"),
        fingerprint=row.text("fingerprint"),
        harmless=row.flag("harmless"),
        remedy=row.text("remedy"),
    )


def _evidence(row: Fields) -> Evidence:
    return Evidence(
        counter=row.text("counter"),
        type=row.text("type"),
        rate=_rate(row, "rate"),
        steps=row.whole("steps"),
        before=row.whole("before"),
        after=row.whole("after"),
        floors_up=row.whole("floors_up"),
        floors_down=row.whole("floors_down"),
        e_value=row.number("e_value", math.inf),
        unit=row.text("unit"),
    )


def _series(row: Fields) -> Series:
    steps, values = _whole_numbers(row, "steps"), _whole_numbers(row, "values")
    if len(steps) != len(values) or any(b <= a for a, b in itertools.pairwise(steps)):
        raise NotACheckResult(f"not a check's result: {row.where}steps do not fit its values", hint=_HINT)
    return Series(CounterKey(row.text("counter"), row.text("type"), row.text("unit")), steps, values)


def _whole_numbers(row: Fields, name: str) -> list[int]:
    values: list[Any] = row.take(name, (list,), [])
    if any(type(value) is not int or abs(value) >= 1 << 62 for value in values):
        raise NotACheckResult(f"not a check's result: {row.where}{name} are not whole numbers", hint=_HINT)
    return values


def _explanation(row: Fields) -> Explanation:
    return Explanation(
        sentence=row.text("sentence"),
        path=row.rows("path", _hop),
        held_by=row.text("held_by"),
        owner=_owner(row.inner("owner")),
        site=_site(row.inner("site")),
        made_by=_owner(row.inner("made_by")),
        family=row.text("family"),
        advice=row.rows("advice", _advice),
        also_held_by=row.texts("also_held_by"),
        native_references=row.whole("native_references"),
        retained_bytes=row.whole("retained_bytes"),
        explained=row.whole("explained"),
        sampled=row.whole("sampled"),
        types=row.texts("types"),
        fingerprint=row.text("fingerprint"),
        native=row.rows("native", _native_frame),
    )


def _native_frame(row: Fields) -> NativeFrame:
    return NativeFrame(row.text("module"), row.whole("address"), row.text("function"), row.flag("certain"))


def _hop(row: Fields) -> Hop:
    return Hop(
        label=row.text("label"),
        pattern=row.text("pattern"),
        type=row.text("type"),
        what=row.text("what"),
        state=row.choice("state", State, State.UNKNOWN),
        reason=row.text("reason"),
        faulty=row.flag("faulty"),
        count=row.whole("count"),
    )


def _owner(row: Fields | None) -> Owner:
    if row is None:
        return Owner(OwnerKind.UNKNOWN)
    return Owner(row.choice("kind", OwnerKind, OwnerKind.UNKNOWN), row.text("name"), row.text("version"))


def _site(row: Fields | None, depth: int = 0) -> Site | None:
    """A site and its callers; callers of callers of callers end somewhere."""
    if row is None:
        return None
    callers = row.rows("callers", lambda one: _site(one, depth + 1)) if depth < _DEEPEST else ()
    return Site(
        file=row.text("file"),
        line=row.whole("line"),
        function=row.text("function"),
        source=row.text("source"),
        approximate=row.flag("approximate"),
        callers=tuple(one for one in callers if one is not None),
    )


def _advice(row: Fields) -> Advice:
    return Advice(row.text("id"), row.text("title"), row.text("text"), row.text("reference"))


def _control(row: Fields) -> Control:
    return Control(row.text("name"), row.text("kind"), row.text("expected"), row.text("got"), row.flag("seen"))


def _cost(row: Fields | None) -> Cost | None:
    if row is None:
        return None
    return Cost(
        wall_seconds=row.number("wall_seconds", 0.0),
        steps=row.whole("steps"),
        samples=row.whole("samples"),
        sampling_seconds=row.number("sampling_seconds", 0.0),
        step_seconds=row.number("step_seconds", 0.0),
        peak_rss_bytes=row.whole("peak_rss_bytes"),
        explaining_seconds=row.number("explaining_seconds", 0.0),
    )


def _rate(row: Fields, name: str) -> Rate:
    rate = row.inner(name)
    if rate is None:
        return Rate(math.nan, math.nan, math.nan)
    return Rate(rate.number("per_step"), rate.number("low"), rate.number("high"))


def _fields(value: object, where: str) -> Fields:
    if not isinstance(value, dict):
        raise NotACheckResult(f"not a check's result: {where or 'the whole'} is {_kind(value)}", hint=_HINT)
    return Fields(value, f"{where}." if where else "")


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )
