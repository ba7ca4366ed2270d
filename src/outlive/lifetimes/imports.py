"""Being told when a module has been imported, so that what is not there yet can be watched once it is.

A finder of ours stands first on `sys.meta_path` and answers for the modules that somebody waits for, no others: it asks
the finders behind it and lends their loader a cover, which is off again before the module's code runs. So the module,
its spec and its loader are what they would be without us. The cover's one frame carries the import system's own file
name, by which the interpreter knows the frames to leave out of tracebacks of failed imports.

Of a module that another finder before ours has brought in, `catch_up` tells later.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Told = Callable[[ModuleType], None]

_waiting: dict[str, list[Told]] = {}
_told: dict[str, int] = {}  # by name, the identity of the module that was told of
_being_found: set[str] = set()


def when_imported(name: str, told: Told) -> None:
    """Call `told` with the module: now if it is there, else when it has been imported; again if it is reloaded."""
    _waiting.setdefault(name, []).append(told)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    module = sys.modules.get(name)
    if module is not None and not _is_unfinished(module):
        _told[name] = id(module)
        _tell(told, module)


def catch_up() -> None:
    """Tell of modules that are there and were not told of."""
    for name in list(_waiting):
        module = sys.modules.get(name)
        if module is not None and _told.get(name) != id(module) and not _is_unfinished(module):
            _imported(name, module)


def never_imported() -> list[str]:
    """The modules that somebody waits for and that nobody has imported."""
    return [name for name in _waiting if name not in sys.modules]


def _is_unfinished(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _imported(name: str, module: ModuleType) -> None:
    _told[name] = id(module)
    for told in list(_waiting.get(name, ())):
        _tell(told, module)


def _tell(told: Told, module: ModuleType) -> None:
    try:
        told(module)
    except Exception:
        pass  # the program imports; what we make of it is not its business


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _waiting or name in _being_found:
            return None
        _being_found.add(name)
        try:
            spec = _found_by_others(name, path, target)
        finally:
            _being_found.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Cover(spec.loader)
        return spec


def _found_by_others(name: str, path: Any, target: Any) -> Any:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = find(name, path, target) if find is not None and finder is not _FINDER else None
        if spec is not None:
            return spec
    return None


class _Cover:
    """A loader that tells when it has run the module, and is its own loader for all else."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec) if hasattr(self._loader, "create_module") else None

    def exec_module(self, module: Any) -> None:
        loader = uncovered(module, self)
        _call_with_frames_removed(loader.exec_module, module)
        _imported(module.__spec__.name, module)


def uncovered(module: Any, cover: Any) -> Any:
    """The loader itself, put back to where modules show it."""
    loader = cover._loader
    module.__spec__.loader = loader
    if getattr(module, "__loader__", None) is cover:
        module.__loader__ = loader
    return loader


_bootstrap: Any = sys.modules["_frozen_importlib"]
_call_with_frames_removed: Any = _bootstrap._call_with_frames_removed
_running: Any = _Cover.exec_module
_running.__code__ = _running.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
_FINDER = _Finder()
