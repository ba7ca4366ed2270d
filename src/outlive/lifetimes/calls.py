"""Being told when a function of the program is called and when it has returned, without the program's noticing.

Theory of operation. Two ways. From Python 3.12 on, monitoring events of the function's own code object: nothing is
replaced, tracebacks and identities stay. The event "left by an exception" exists for all code only, so it is asked for
once somebody wants errors, and costs some 0.3 µs for each frame that an exception leaves.

Before 3.12, and for a function whose code is shared by others of a decorator's making, the attribute is replaced:
natively where the core can (no frame), else by a function of ours, which a traceback through it shows. A coroutine
function is always replaced by a coroutine function: only it knows when the coroutine has returned.

Callbacks get the wanted arguments (in the order asked for), the caller's frame and, afterwards, result and error. They
must not fail; if they do it is dropped.
"""

from __future__ import annotations

import sys
from types import FunctionType

from outlive import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

    Before = Callable[[tuple[Any, ...], FrameType | None], None]
    After = Callable[[tuple[Any, ...], Any, BaseException | None, FrameType | None], None]

FIRST = "self"
"""The wanted argument's name that stands for the first one, whatever it is called."""

_NESTED, _COROUTINE, _GENERATORS, _NAMED, _VARIADIC = 0x10, 0x80, 0x220, 0x1, 0x4  # of co_flags
_TOOLS = (4, 3, 1, 2, 0)  # the last ones are reserved by custom for coverage, profilers, debuggers
_MOST_WRAPPERS = 20


class Watch:
    """What to tell of one function's calls."""

    __slots__ = ("after", "before", "code", "names", "on_error")

    def __init__(
        self, code: CodeType, names: tuple[str, ...], before: Before | None, after: After | None, on_error: bool
    ) -> None:
        self.code = code
        self.names = tuple(_spelled(code, name) for name in names)
        self.before, self.after, self.on_error = before, after, on_error

    def start(self, values: tuple[Any, ...], caller: FrameType | None) -> None:
        try:
            if self.before is not None:
                self.before(values, caller)
        except Exception:
            pass

    def finish(
        self, values: tuple[Any, ...], result: Any, error: BaseException | None, caller: FrameType | None
    ) -> None:
        try:
            if self.after is not None and (error is None or self.on_error):
                self.after(values, result, error, caller)
        except Exception:
            pass


def watch(
    holder: Any, name: str, *, names: tuple[str, ...] = (FIRST,), before: Before | None = None,
    after: After | None = None, on_error: bool = False,
) -> str:  # fmt: skip
    """Watch the calls of the function `name` of a module or class; "" or, in words, why that cannot be done."""
    owner, raw = find(holder, name)
    if raw is None:
        return f"{called(holder)} has no {name!r}"
    function = raw.__func__ if isinstance(raw, (staticmethod, classmethod)) else raw
    if type(_original(function)) is not FunctionType:
        return f"{name!r} of {called(holder)} is no function written in Python ({type(function).__name__})"
    inner = innermost(_original(function))
    one = Watch(inner.__code__, names, before, after, on_error)
    if "" in one.names:
        missing = names[one.names.index("")]
        return f"{name!r} of {called(holder)} has no argument {missing!r}"
    if _MONITOR is not None and not inner.__code__.co_flags & _NESTED:
        _MONITOR.add(one)
    elif inner.__code__.co_flags & _GENERATORS:
        return f"{name!r} of {called(holder)} is a generator function, which is watched from Python 3.12 on"
    else:
        _replace(owner, name, raw, function, one)
    return ""


def find(holder: Any, name: str) -> tuple[Any, Any]:
    """(the class or module whose own it is, the attribute as it is stored); (None, None) if there is none."""
    if isinstance(holder, type):
        for base in type.__dict__["__mro__"].__get__(holder):
            space = type.__dict__["__dict__"].__get__(base)
            if name in space:
                return base, space[name]
        return None, None
    space = getattr(holder, "__dict__", {})
    return (holder, space[name]) if name in space else (None, None)


def called(holder: Any) -> str:
    if isinstance(holder, type):
        return f"{holder.__module__}:{holder.__qualname__}"
    return f"module {getattr(holder, '__name__', '?')}"


def code_of(raw: Any) -> CodeType:
    """The code that runs when what is stored as `raw` is called."""
    function = raw.__func__ if isinstance(raw, (staticmethod, classmethod)) else raw
    code: CodeType = innermost(_original(function)).__code__
    return code


def innermost(function: Any) -> Any:
    """The function that decorators say they wrap."""
    for _ in range(_MOST_WRAPPERS):
        inner = getattr(function, "__wrapped__", None)
        if type(inner) is not FunctionType:
            return function
        function = inner
    return function


def _original(function: Any) -> Any:
    """The function that a native stand-in of ours stands for."""
    return _core.Hooked.original(function)


def _spelled(code: CodeType, name: str) -> str:
    """The argument's own name; "" if the function has none such. "*" before it: the first of the variadic ones."""
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if name != FIRST:
        return name if name in known else ""
    if code.co_argcount:
        return code.co_varnames[0]
    return "*" + code.co_varnames[len(known)] if code.co_flags & _VARIADIC else ""


class UnseenError(Exception):
    """Stands for an error of which only that there was one is known."""


UNSEEN = UnseenError()


class _Gone:
    """An argument whose name the function has used for nothing or deleted."""


GONE = _Gone()


class _Monitor:
    """Our tool of `sys.monitoring`."""

    def __init__(self, monitoring: Any, tool: int) -> None:
        self._monitoring, self._tool = monitoring, tool
        self._watches: dict[int, tuple[Watch, ...]] = {}  # by the code object's identity: they compare by content
        self._sees_errors = False
        events = monitoring.events
        self._start, self._return, self._unwind = events.PY_START, events.PY_RETURN, events.PY_UNWIND
        monitoring.register_callback(tool, events.PY_START, self._started)
        monitoring.register_callback(tool, events.PY_RETURN, self._returned)
        monitoring.register_callback(tool, events.PY_UNWIND, self._left)

    def add(self, one: Watch) -> None:
        known = self._watches.get(id(one.code), ())
        self._watches[id(one.code)] = (*known, one)
        events = self._monitoring.get_local_events(self._tool, one.code)
        events |= (self._start if one.before is not None else 0) | (self._return if one.after is not None else 0)
        self._monitoring.set_local_events(self._tool, one.code, events)
        if one.on_error and not self._sees_errors:
            self._sees_errors = True
            self.see_everywhere(self._unwind)

    def see_everywhere(self, event: int, callback: Any = None) -> None:
        """Switch on an event that exists for all code only."""
        if callback is not None:
            self._monitoring.register_callback(self._tool, event, callback)
        self._monitoring.set_events(self._tool, self._monitoring.get_events(self._tool) | event)

    def see_no_more(self, event: int) -> None:
        self._monitoring.set_events(self._tool, self._monitoring.get_events(self._tool) & ~event)

    def _started(self, code: CodeType, offset: int) -> None:
        frame = sys._getframe(1)
        for one in self._watches.get(id(code), ()):
            if one.before is not None:
                one.start(_arguments(frame, one.names), frame.f_back)

    def _returned(self, code: CodeType, offset: int, result: Any) -> None:
        frame = sys._getframe(1)
        for one in self._watches.get(id(code), ()):
            one.finish(_arguments(frame, one.names), result, None, frame.f_back)

    def _left(self, code: CodeType, offset: int, error: BaseException) -> None:
        watches = self._watches.get(id(code))
        if watches is None:
            return
        frame = sys._getframe(1)
        for one in watches:
            one.finish(_arguments(frame, one.names), None, error, frame.f_back)


def _arguments(frame: FrameType, names: tuple[str, ...]) -> tuple[Any, ...]:
    """What the names stand for just now in a function's frame.

    Before 3.13 asking makes a dict of all variables, which would keep their values alive as long as the frame lives; so
    it is emptied again. The interpreter fills it anew for whoever asks next.
    """
    space = frame.f_locals
    values = tuple(_value(space, name) for name in names)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & _NAMED:
        space.clear()
    return values


def _value(space: Any, name: str) -> Any:
    if name.startswith("*"):
        rest = space.get(name[1:])
        return rest[0] if rest else GONE
    return space.get(name, GONE)


def _replace(owner: Any, name: str, raw: Any, function: Any, one: Watch) -> None:
    call = _stand_in(function, one)
    stored = type(raw)(call) if raw is not function else call
    if isinstance(owner, type):
        type.__setattr__(owner, name, stored)
    else:
        setattr(owner, name, stored)


def _stand_in(function: Any, one: Watch) -> Any:
    code = innermost(_original(function)).__code__
    if code.co_flags & _COROUTINE:
        return _like(function, _coroutine_function(function, one))
    return _native(function, one) or _like(function, _function(function, one))


def _native(function: Any, one: Watch) -> Any:
    """A stand-in without a frame; None where it would not see the arguments wanted.

    It does not tell with what error the function was left.
    """
    first = _spelled(innermost(_original(function)).__code__, FIRST)
    if one.names not in ((), (first,)):
        return None

    def note(argument: Any) -> None:
        one.start((argument,), sys._getframe(1))

    def after(argument: Any, result: Any, failed: bool) -> None:
        one.finish((argument,), result, UNSEEN if failed else None, sys._getframe(1))

    try:
        return _core.Hooked(function, note, after)
    except TypeError:
        return None


def _function(function: Any, one: Watch) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        values, caller = _picked(one, args, kwargs), sys._getframe(1)
        one.start(values, caller)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            one.finish(values, None, error, caller)
            raise
        one.finish(values, result, None, caller)
        return result

    return call


def _coroutine_function(function: Any, one: Watch) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        values = _picked(one, args, kwargs)
        one.start(values, sys._getframe().f_back)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            one.finish(values, None, error, sys._getframe().f_back)
            raise
        one.finish(values, result, None, sys._getframe().f_back)
        return result

    return call


def _picked(one: Watch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(_pick(one.code, name, args, kwargs) for name in one.names)


def _pick(code: CodeType, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if name.startswith("*"):
        return args[0] if args else GONE
    if name in kwargs:
        return kwargs[name]
    position = code.co_varnames.index(name)
    return args[position] if position < min(len(args), code.co_argcount) else GONE


def _like(function: Any, call: Any) -> Any:
    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        setattr(call, name, getattr(function, name))
    call.__dict__.update(function.__dict__)
    call.__wrapped__ = function
    return call


def _begin() -> _Monitor | None:
    """Our tool, under the first free number; None before 3.12 or when all are taken."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return None
    for tool in _TOOLS:
        if monitoring.get_tool(tool) is None:
            monitoring.use_tool_id(tool, "outlive")
            return _Monitor(monitoring, tool)
    return None


_MONITOR = _begin()


def on_throw(told: Callable[[BaseException], None], kind: type[BaseException]) -> bool:
    """Be told of each exception of exactly this type that is thrown into a coroutine; False where that cannot be."""
    if _MONITOR is None:
        return False

    def thrown(code: CodeType, offset: int, error: BaseException) -> None:
        if type(error) is kind:
            try:
                told(error)
            except Exception:
                pass

    _MONITOR.see_everywhere(sys.monitoring.events.PY_THROW, thrown)  # type: ignore[attr-defined,unused-ignore]
    return True
