"""A hooked function tells of its calls, and nobody can see that it is not the function."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import operator
import os
import pickle
import sys
import traceback
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from outlive import _core
from outlive._core import Hooked


def add(left: int, right: int = 2, *, twice: bool = False) -> int:
    """Adds."""
    return (left + right) * (2 if twice else 1)


def fails(why: str) -> None:
    raise LookupError(why)


async def waits() -> int:
    return 5


class Session:
    def __init__(self, name: str) -> None:
        self.name = name

    def close(self, hard: bool = False) -> str:
        return f"{self.name} closed{' hard' * hard}"

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None: ...


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Any]]]:
    """Hooks an attribute of a class or module for the time of a test; a list of what was noted."""

    def hooked(owner: Any, name: str) -> list[Any]:
        noted: list[Any] = []
        stand_in = Hooked(
            getattr(owner, name), noted.append, lambda first, result, failed: noted.append((first, result, failed))
        )
        monkeypatch.setattr(owner, name, stand_in)
        return noted

    return hooked


def test_it_notes_the_first_argument_calls_and_tells_the_result() -> None:
    noted: list[Any] = []
    hooked = Hooked(add, noted.append, lambda *what: noted.append(what))
    assert hooked(1, right=5, twice=True) == 12
    assert noted == [1, (1, 12, False)]


def test_without_arguments_it_notes_none() -> None:
    noted: list[Any] = []
    assert Hooked(lambda: 3, noted.append)() == 3
    assert noted == [None]


def test_all_positional_arguments_can_be_asked_for() -> None:
    noted: list[Any] = []
    assert Hooked(add, noted.append, lambda *what: noted.append(what), whole=True)(1, 2, twice=True) == 6
    assert noted == [(1, 2), ((1, 2), 6, False)]


def test_what_the_function_raises_is_raised_and_told() -> None:
    noted: list[Any] = []
    with pytest.raises(LookupError, match="gone") as caught:
        Hooked(fails, None, lambda *what: noted.append(what))("gone")
    assert noted == [("gone", None, True)]
    assert [entry.name for entry in traceback.extract_tb(caught.tb)] == [
        "test_what_the_function_raises_is_raised_and_told",
        "fails",
    ]
    assert caught.value.__context__ is None


def test_callbacks_that_fail_are_not_heard() -> None:
    assert Hooked(add, fails, fails)(1) == 3
    with pytest.raises(LookupError, match="why"):
        Hooked(fails, operator.truediv, operator.truediv)("why")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_a_signal_handler_raises_within_a_callback_is_heard(error: type[BaseException]) -> None:
    def interrupted(*_: object) -> None:
        raise error

    with pytest.raises(error):
        Hooked(add, interrupted)(1)
    with pytest.raises(error):
        Hooked(add, None, interrupted)(1)


def test_a_callback_sees_the_error_that_is_handled_and_leaves_it() -> None:
    hooked = Hooked(add, fails)
    handled: list[BaseException | None] = []
    try:
        fails("first")
    except LookupError:
        handled = [sys.exc_info()[1], hooked(1) and sys.exc_info()[1]]
    assert handled[0] is handled[1] is not None


def test_methods_bind(hook: Callable[..., list[Any]]) -> None:
    noted = hook(Session, "close")
    session = Session("s")
    assert session.close() == "s closed"
    assert Session.close(session, True) == "s closed hard"
    assert noted == [session, (session, "s closed", False), session, (session, "s closed hard", False)]
    assert session.close.__self__ is session
    assert session.close == session.close


def test_init_and_with_are_hooked_through_the_class(hook: Callable[..., list[Any]]) -> None:
    begun, entered = hook(Session, "__init__"), hook(Session, "__exit__")
    with Session("s") as session:
        assert begun == [session, (session, None, False)]
    assert entered[0] is session


def test_a_builtin_function_does_not_bind() -> None:
    class Holder:
        length = Hooked(len)

    assert Holder().length([1, 2]) == 2


def test_whoever_asks_finds_the_function() -> None:
    hooked: Any = Hooked(add)
    assert inspect.isfunction(hooked)
    assert inspect.signature(hooked) == inspect.signature(add)
    assert inspect.getsource(hooked) == inspect.getsource(add)
    assert (hooked.__name__, hooked.__qualname__, hooked.__module__, hooked.__doc__) == (
        "add",
        "add",
        __name__,
        "Adds.",
    )
    assert hooked.__code__ is add.__code__
    assert hooked.__class__ is types.FunctionType
    assert repr(hooked) == repr(add)
    assert dir(hooked) == dir(add)
    assert inspect.unwrap(functools.wraps(hooked)(lambda: 0)) is hooked


def test_a_hooked_builtin_looks_built_in() -> None:
    hooked: Any = Hooked(os._exit)
    assert inspect.isbuiltin(hooked)
    assert repr(hooked) == "<built-in function _exit>"
    assert str(inspect.signature(hooked)) == str(inspect.signature(os._exit))


def test_attributes_are_the_functions() -> None:
    def function() -> None: ...

    hooked: Any = Hooked(function)
    hooked.mark = 3
    assert function.mark == 3  # type: ignore[attr-defined]
    del hooked.mark
    assert not hasattr(function, "mark")
    assert hooked.__dict__ is function.__dict__


def test_a_coroutine_function_stays_one() -> None:
    noted: list[Any] = []
    hooked: Any = Hooked(waits, noted.append)
    assert inspect.iscoroutinefunction(hooked)
    assert asyncio.run(hooked()) == 5
    assert noted == [None]


def test_it_is_pickled_and_copied_as_its_function_is(hook: Callable[..., list[Any]]) -> None:
    hook(Session, "close")
    close: Any = Session.close
    assert type(close) is Hooked
    assert pickle.loads(pickle.dumps(close)) is close
    assert copy.copy(close) is close
    assert copy.deepcopy([close])[0] is close
    assert pickle.loads(pickle.dumps(Session("s").close))() == "s closed"


def test_it_can_be_weakly_referred_to_and_goes() -> None:
    def function() -> None: ...

    hooked = Hooked(function)
    function.itself = hooked  # type: ignore[attr-defined]
    reference = weakref.ref(hooked)
    assert reference() is hooked
    del hooked, function
    gc.collect()
    assert reference() is None


def test_nothing_is_kept_of_a_call() -> None:
    session = Session("s")
    reference = weakref.ref(session)
    Hooked(Session.close, id, lambda *_: None)(session)
    del session
    assert reference() is None


def test_it_may_be_replaced_while_it_runs() -> None:
    holder: list[Any] = []

    def replace(first: object) -> None:
        holder.clear()

    holder.append(Hooked(lambda value: value + 1, replace, lambda *_: holder.append("after")))
    assert holder[0](1) == 2
    assert holder == ["after"]


def test_the_original_can_be_had_back() -> None:
    assert Hooked.original(Hooked(add)) is add
    assert Hooked.original(add) is add


@pytest.mark.parametrize("wrong", [(3,), (Session,), (staticmethod(add),), (add, 3), (add, None, 3), ()])
def test_what_is_no_function_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        _core.Hooked(*wrong)
