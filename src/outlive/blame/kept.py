"""The short search for who keeps a thing: asked of the collector, upwards, a few references far.

For where no snapshot is to be had (`asking`). It sees less: not what objects of C types hold without telling the
collector (tasks, before 3.12), nothing beyond its levels, no fixture's own. So its keepers say that they were searched.

One pass of the collector a level, so a search costs some milliseconds a level in a big program. What runs just now is
left out, our own frames and lists too.
"""

from __future__ import annotations

import functools
import gc
import sys
import types
from dataclasses import dataclass, replace
from typing import Any

from outlive.blame.keeper import HARNESS, HELD, NOBODY, SHARED, Keeper

_LEVELS, _MOST_WIDE = 7, 400
_HARNESS_MODULES = ("_pytest.", "pluggy.", "pytest_asyncio.", "xdist.", "execnet.")
# Where the interpreter keeps everything of a kind: no holder that anybody made.
_REGISTRIES = (
    "threading",
    "weakref",
    "logging",
    "subprocess",
    "concurrent.futures.thread",
    "concurrent.futures.process",
)
_CONTAINERS = (list, set, frozenset, tuple)
_CACHE = type(functools.lru_cache(lambda: None))


@dataclass(frozen=True)
class _Step:
    """One object on the way up. `single`: so far each place had room for one. `key`: its key in the dict above."""

    target: Any
    expression: str = ""
    single: bool = True


class _Search:
    """One search, for one thing."""

    def __init__(self, thing: Any, test_modules: frozenset[str]) -> None:
        self._test_modules = test_modules
        self._modules = {
            id(vars(module)): name for name, module in list(sys.modules.items()) if type(module) is types.ModuleType
        }
        self._failed = _failure_frames()
        self._seen = {id(thing)}

    def run(self, thing: Any) -> Keeper:
        """Level by level: the nearest root answers, the harness only if nothing else was found."""
        harness: Keeper | None = None
        level = [_Step(thing)]
        for _ in range(_LEVELS):
            above = []
            for step, holder in self._above(level):
                if not self._is_root(holder):
                    above.append(_up(step, holder))
                    continue
                found = self._root(step, holder)
                if found is not None and found.answer != HARNESS:
                    return found
                harness = harness or found
            level = above
            self._seen.update(id(step.target) for step in level)
            if not level or len(level) > _MOST_WIDE:
                break
        return harness or Keeper(NOBODY)

    def _above(self, level: list[_Step]) -> list[tuple[_Step, Any]]:
        steps = {id(step.target): step for step in level}
        targets = [step.target for step in level]
        ours = {id(targets), id(level), id(steps), *(id(step) for step in level), *(id(vars(step)) for step in level)}
        pairs = []
        for holder in gc.get_referrers(*targets):
            if id(holder) in self._seen or id(holder) in ours or _is_ours(holder):
                continue
            step = next((steps[id(one)] for one in gc.get_referents(holder) if id(one) in steps), None)
            if step is not None:
                pairs.append((step, holder))
        return pairs

    def _is_root(self, holder: Any) -> bool:
        return id(holder) in self._modules or type(holder) is types.FrameType or _is_harness(holder)

    def _root(self, step: _Step, holder: Any) -> Keeper | None:
        if id(holder) in self._modules:
            name = self._modules[id(holder)]
            if name in _REGISTRIES or f"{name}.".startswith(("asyncio.", "outlive.")):
                return None
            if f"{name}.".startswith(_HARNESS_MODULES):
                return Keeper(HARNESS, name)
            shared = step.single and name not in self._test_modules and name.rpartition(".")[2] != "conftest"
            return Keeper(SHARED if shared else HELD, f"{name}.{_key_in(holder, step.target)}{step.expression}")
        if type(holder) is types.FrameType:
            if id(holder) in self._failed:
                return Keeper(HARNESS, f"the traceback of a failure (frame of {holder.f_code.co_name})")
            return None
        return Keeper(HARNESS, f"{type(holder).__module__}.{type(holder).__qualname__}")


def keeper(thing: Any, test_modules: frozenset[str], why: str) -> Keeper:
    """The nearest root that keeps `thing`; the harness only if nothing else does. `why`: no snapshot was to be had."""
    return replace(_Search(thing, test_modules).run(thing), searched=why)


def _up(step: _Step, holder: Any) -> _Step:
    """One reference further: what it adds to the expression, and whether there was room for more than one."""
    kind = type(holder)
    if kind is dict:
        key = _key_in(holder, step.target)
        return _Step(holder, f".{key}{step.expression}", step.single) if key.isidentifier() else _many(step, holder)
    if type(step.target) is dict and step.expression.startswith(".") and not _has_namespace(holder):
        _, _, rest = step.expression[1:].partition(".")
        return _Step(holder, "[…]" + (f".{rest}" if rest else ""), False)
    if kind is _CACHE:
        return _Step(holder, "", True)
    if kind in _CONTAINERS or kind.__name__ in ("deque", "OrderedDict", "defaultdict"):
        return _many(step, holder)
    return _Step(holder, step.expression, step.single)


def _many(step: _Step, holder: Any) -> _Step:
    return _Step(holder, f"[…]{step.expression}", False)


def _key_in(holder: dict[Any, Any], target: Any) -> str:
    """The name under which a dict has it; "" if the key is no string."""
    for key, value in list(holder.items()):
        if value is target:
            return key if type(key) is str else ""
    return ""


def _has_namespace(holder: Any) -> bool:
    """Whether a dict that this refers to is its attributes: it is an object or a class, and no container."""
    return isinstance(holder, type) or (type(holder).__dictoffset__ != 0 and type(holder).__module__ != "collections")


def _is_harness(holder: Any) -> bool:
    kind = type(holder)
    return f"{kind.__module__}.".startswith(_HARNESS_MODULES) or (kind.__module__, kind.__name__) == (
        "logging",
        "LogRecord",
    )


def _is_ours(holder: Any) -> bool:
    if type(holder) is types.FrameType:
        return "/outlive/blame/" in holder.f_code.co_filename
    return type(holder) is _Search


def _failure_frames() -> set[int]:
    """Frames that the interpreter's last traceback keeps."""
    last: Any = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    trace = getattr(last, "__traceback__", None) or getattr(sys, "last_traceback", None)
    found = set()
    while trace is not None:
        found.add(id(trace.tb_frame))
        trace = trace.tb_next
    return found
