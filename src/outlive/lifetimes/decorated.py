"""`@outlive.lifetime`: each call of a function is a scope; a class is a lifetime that its ending calls end.

A decorated function stays of its kind: a coroutine function, a generator function, an async generator function. While
a generator is suspended its consumer's code runs, in the same context: so the scope's number is carried only while the
body runs, set at each resumption and taken off at each yield.

A function under `@contextmanager` gives a manager; its scope runs from the entering of the block to its end.
"""

from __future__ import annotations

from outlive.errors import UsageError
from outlive.lifetimes.ended import musts
from outlive.lifetimes.scopes import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # of co_flags
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__type_params__")
_USUAL_ENDS = ("close", "aclose", "__exit__", "__aexit__")


def lifetime(target: Any = None, *, ends: object = (), must: object = None, name: str = "", matters: str = "") -> Any:
    """Make each call a scope, or a class a lifetime that the methods in `ends` end; with or without arguments.

    On a function, what a call made must be gone when it returns, except its result. On a class, an instance must be
    garbage once one of `ends` has returned (`close`, `aclose` and the end of a with block, where it has them and
    nothing else was said). Raises UsageError for what is neither, and for a class without any such method.

    >>> @lifetime
    ... def answer(question: str) -> str:
    ...     return question + "!"
    >>> answer("yes")
    'yes!'
    """
    if target is None:
        return lambda one: lifetime(one, ends=ends, must=must, name=name, matters=matters)
    if isinstance(target, type):
        return _class(target, musts(ends), ("garbage",) if must is None else musts(must), name, matters)
    wanted = ("everything",) if must is None else musts(must)
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(lifetime(target.__func__, must=wanted, name=name))
    code = getattr(target, "__code__", None)
    if code is None:
        raise UsageError(
            f"{target!r} can have no lifetime",
            why="only functions and classes written in Python can be decorated",
            hint="with outlive.scope(...) around the call",
        )
    if ends:
        raise UsageError("ends= is for classes", why="a call's lifetime ends when it returns")
    return _like(target, _of_kind(target, code, name or target.__qualname__, wanted))


def _of_kind(function: Any, code: CodeType, name: str, must: tuple[str, ...]) -> Any:
    if code.co_flags & _ASYNC_GENERATOR:
        return _async_generator(function, name, must)
    if code.co_flags & _COROUTINE:
        return _coroutine(function, name, must)
    if code.co_flags & _GENERATOR:
        return _generator(function, name, must)
    return _manager(function, name, must) if _makes_managers(function, code) else _plain(function, name, must)


def _plain(function: Any, name: str, must: tuple[str, ...]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        running = Running(name, must, "call")
        token = running.enter()
        try:
            return running.returns(function(*args, **kwargs))
        finally:
            running.leave(token)
            running.end()

    return call


def _coroutine(function: Any, name: str, must: tuple[str, ...]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        running = Running(name, must, "call")
        token = running.enter()
        try:
            return running.returns(await function(*args, **kwargs))
        finally:
            running.leave(token)
            running.end()

    return call


def _generator(function: Any, name: str, must: tuple[str, ...]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        running = Running(name, must, "call")
        try:
            return (yield from _Carried(function(*args, **kwargs), running))
        finally:
            running.end()

    return call


class _Carried:
    """A generator whose body runs with the scope's number, and its consumer without."""

    __slots__ = ("_generator", "_running")

    def __init__(self, generator: Any, running: Running) -> None:
        self._generator = generator
        self._running = running

    def __iter__(self) -> _Carried:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        token = self._running.enter()
        try:
            return self._running.returns(self._generator.send(value))
        except StopIteration as stop:
            self._running.returns(stop.value)
            raise
        finally:
            self._running.leave(token)

    def throw(self, *error: Any) -> Any:
        token = self._running.enter()
        try:
            return self._running.returns(self._generator.throw(*error))
        except StopIteration as stop:
            self._running.returns(stop.value)
            raise
        finally:
            self._running.leave(token)

    def close(self) -> None:
        token = self._running.enter()
        try:
            self._generator.close()
        finally:
            self._running.leave(token)


def _async_generator(function: Any, name: str, must: tuple[str, ...]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        running = Running(name, must, "call")
        generator = function(*args, **kwargs)
        step, value = generator.asend, None
        try:
            while True:
                token = running.enter()
                try:
                    produced = running.returns(await step(value))
                except StopAsyncIteration:
                    return
                finally:
                    running.leave(token)
                try:
                    step, value = generator.asend, (yield produced)
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step, value = generator.athrow, error
        finally:
            await generator.aclose()
            running.end()

    return call


def _manager(function: Any, name: str, must: tuple[str, ...]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return _Block(function(*args, **kwargs), name, must)

    return call


class _Block:
    """A context manager and the scope of its block."""

    def __init__(self, manager: Any, name: str, must: tuple[str, ...]) -> None:
        self._manager, self._name, self._must = manager, name, must
        self._entered: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    def __call__(self, function: Any) -> Any:
        return self._manager(function)

    def _began(self) -> Running:
        running = Running(self._name, self._must, "call")
        self._entered = running, running.enter()
        return running

    def _ended(self) -> None:
        running, token = self._entered
        running.leave(token)
        running.end()

    def __enter__(self) -> Any:
        running = self._began()
        try:
            return running.returns(self._manager.__enter__())
        except BaseException:
            self._ended()
            raise

    def __exit__(self, *error: Any) -> Any:
        try:
            return self._manager.__exit__(*error)
        finally:
            self._ended()

    async def __aenter__(self) -> Any:
        running = self._began()
        try:
            return running.returns(await self._manager.__aenter__())
        except BaseException:
            self._ended()
            raise

    async def __aexit__(self, *error: Any) -> Any:
        try:
            return await self._manager.__aexit__(*error)
        finally:
            self._ended()


def _makes_managers(function: Any, code: CodeType) -> bool:
    """Whether `contextlib` made it of a generator function."""
    inner = getattr(getattr(function, "__wrapped__", None), "__code__", None)
    made_there = code.co_filename.endswith("contextlib.py")
    return made_there and inner is not None and bool(inner.co_flags & (_GENERATOR | _ASYNC_GENERATOR))


def _like(function: Any, call: Any) -> Any:
    """`call` with the name, the documentation and the signature of `function`, as functools.wraps gives them."""
    for name in _COPIED:
        try:
            setattr(call, name, getattr(function, name))
        except AttributeError:
            pass
    call.__dict__.update(function.__dict__)
    call.__wrapped__ = function
    return call


def _class(cls: type, ends: tuple[str, ...], must: tuple[str, ...], name: str, matters: str) -> type:
    from outlive.lifetimes import hooks

    known = [one for one in _USUAL_ENDS if callable(getattr(cls, one, None))]
    missing = [one for one in ends if not callable(getattr(cls, one, None))]
    chosen = [*ends, *(one for one in known if one.startswith("__") and one not in ends)] if ends else known
    if missing or not chosen:
        wrong = f"{cls.__qualname__} has no method {missing[0]!r}" if missing else f"nothing ends a {cls.__qualname__}"
        raise UsageError(
            wrong,
            why="a lifetime of a class ends with a call of one of its methods",
            hint='@outlive.lifetime(ends="close")   with the name of the method that ends it',
        )
    hooks.attach_class(cls, chosen, must=must, name=name, matters=matters)
    return cls
