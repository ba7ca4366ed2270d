"""Chains of callers are learnt once and believed afterwards: for no other chain, and not beyond their code's death."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import outlive
from outlive.lifetimes.clock import follow_stamps

Begin = Callable[..., Any]
WAYS = [False, True] if sys.version_info >= (3, 13) else [False]


class Session:
    pass


def run_as(file: str, source: str, **names: Any) -> dict[str, Any]:
    """The names that this text leaves, run as if it were that file."""
    space: dict[str, Any] = {"Session": Session, **names}
    exec(compile(source, file, "exec"), space)
    return space


LIBRARY = run_as(
    "/library/part.py",
    "def make(): return inner()\n"
    "def inner(): return Session()\n"
    "def descend(n): return descend(n - 1) if n else Session()\n"
    "def call(function): return function()\n",
)


@pytest.fixture(params=WAYS)
def native(begin: Begin, request: pytest.FixtureRequest) -> Any:
    return begin(allocator=request.param, sparse=True, through=(b"/library/",)).native


def lines_of(native: Any, things: list[object]) -> list[int]:
    return [native.of(thing)[3] for thing in things]


def test_one_library_line_called_from_many_lines_in_turns(native: Any) -> None:
    make, here = LIBRARY["make"], sys._getframe().f_lineno
    made = []
    for _ in range(50):
        made.append(make())
        made.append(make())
        made.append(make())
    assert lines_of(native, made) == [here + 3, here + 4, here + 5] * 50


def test_a_frame_that_calls_itself_is_as_many_frames(native: Any) -> None:
    descend, here = LIBRARY["descend"], sys._getframe().f_lineno
    made = [descend(n) for n in (0, 1, 2, 3, 4, 20, 2, 20, 0)]
    near, far = here + 1, 3
    assert lines_of(native, made) == [near, near, near, near, near, far, near, far, near]


def test_a_caller_that_is_gone_is_not_told_in_place_of_the_next_one(native: Any) -> None:
    made = []
    for line in range(1, 60):
        names = run_as("<text>", "\n" * line + "made = make()", make=LIBRARY["make"])
        made.append(names.pop("made"))
        del names
        if line % 20 == 0:
            gc.collect()
    assert lines_of(native, made) == list(range(2, 61))


def test_a_caller_far_out_may_go_as_well(begin: Begin) -> None:
    stamps = begin(3)
    call = LIBRARY["call"]
    made = [run_as("<text>", "\n" * line + "made = call(Session)", call=call).pop("made") for line in range(1, 30)]
    callers = [seen.site.callers[0] for seen in stamps.look(*made)]
    assert [caller.line for caller in callers] == list(range(2, 31))


def generated() -> Iterator[object]:
    yield Session()


def test_a_generator_thrown_into_before_its_first_line_says_nothing_of_the_next_one(native: Any) -> None:
    first: Any = generated()
    with contextlib.suppress(LookupError):
        first.throw(LookupError())
    made, here = generated(), sys._getframe().f_lineno
    assert native.of(made)[3] == here


def test_the_first_scope_is_worn_by_what_is_made_in_it(native: Any) -> None:
    before = Session()
    with outlive.scope("request") as request:
        within, number = Session(), request.number
    after = Session()
    assert [native.of(thing)[1] for thing in (before, within, after)] == [0, number, 0]


def test_a_scope_is_worn_where_stamps_begin_after_it(begin: Begin) -> None:
    with outlive.scope("request") as request:
        native = begin(sparse=True).native
        follow_stamps()
        assert native.of(thing := Session())[1] == request.number
        assert thing
