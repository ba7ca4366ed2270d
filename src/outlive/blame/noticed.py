"""What only shows at the moment when it happens: temporary files being made, coroutines dropped without an await,
modules being imported.

Temporary files are told by the interpreter's own audit events, which come in the context of whoever makes them. An
audit hook cannot be taken out again: this one does nothing while nobody listens. What is made while a module is
imported is made for everybody, so it is done in nobody's life.
"""

from __future__ import annotations

import importlib._bootstrap_external as loading
import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from _pytest.assertion.rewrite import AssertionRewritingHook

from outlive.blame import births
from outlive.blame.carrying import put_back
from outlive.blame.lives import Thing
from outlive.lifetimes.clock import SCOPE

_LOADERS: tuple[Any, ...] = (loading._LoaderBasics, AssertionRewritingHook)  # type: ignore[attr-defined]
_EVENTS = frozenset({"tempfile.mkstemp", "tempfile.mkdtemp"})
_things: deque[tuple[Any, Thing]] = deque(maxlen=10_000)
_listening = False
_hooked = False
_kept_by_pytest: Callable[[], str] = str
_before: dict[str, Any] = {}


def listen(kept_by_pytest: Callable[[], str]) -> None:
    """Begin to notice. `kept_by_pytest` tells the folder in which temporary files stay on purpose, "" for none yet."""
    global _listening, _hooked, _kept_by_pytest
    _kept_by_pytest = kept_by_pytest
    _listening = True
    if not _hooked:
        _hooked = True
        sys.addaudithook(_heard)
    _before["warn"] = getattr(warnings, "_warn_unawaited_coroutine", None)
    if _before["warn"] is not None:
        warnings._warn_unawaited_coroutine = _unawaited  # type: ignore[attr-defined]
    for loader in _LOADERS:
        _before[loader.__name__] = loader.exec_module
        loader.exec_module = _importing(loader.exec_module)


def stop() -> None:
    """Notice nothing any more."""
    global _listening
    if not _listening:
        return
    _listening = False
    _things.clear()
    for loader in _LOADERS:
        loader.exec_module = _before[loader.__name__]
    if _before["warn"] is not None:
        warnings._warn_unawaited_coroutine = _before["warn"]  # type: ignore[attr-defined]


def taken() -> Iterator[tuple[Any, Thing]]:
    """What was noticed since the last time."""
    while _things:
        yield _things.popleft()


def _heard(event: str, details: tuple[Any, ...]) -> None:
    if event in _EVENTS and _listening:
        path = details[0]
        number = SCOPE.get(0)
        if number and isinstance(path, str):
            path = os.path.abspath(path)
            kept = _kept_by_pytest()
            if not (kept and path.startswith(kept)):
                _things.append((("temp-file", path), _temp_file(path, number)))


def _temp_file(path: str, number: int) -> Thing:
    return Thing("temp-file", path, _caller_outside(("tempfile.py",)), lambda: os.path.lexists(path), number=number)


def _caller_outside(files: tuple[str, ...]) -> str:
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.endswith((*files, "blame/noticed.py")):
        frame = frame.f_back
    return "" if frame is None else f"made at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def _unawaited(coroutine: Any) -> None:
    """In the place of the function by which the interpreter warns; the warning is given as ever."""
    birth = births.of(coroutine)
    number = (birth.scope if birth is not None else 0) or (0 if births.known() else SCOPE.get(0))
    if number:
        code = coroutine.cr_code
        where = f"made at {birth.place}" if birth is not None else f"of {code.co_filename}:{code.co_firstlineno}"
        thing = Thing("coroutine", f"coroutine {coroutine.__qualname__} was never awaited", where, _always, final=True)
        thing.number = number
        _things.append((("coroutine", len(_things), where), thing))
    _before["warn"](coroutine)


def _always() -> bool:
    return True


def _importing(exec_module: Any) -> Any:
    def imported(self: Any, module: Any) -> Any:
        __tracebackhide__ = True
        token = SCOPE.set(0)
        try:
            return exec_module(self, module)
        finally:
            put_back(token)

    return imported
