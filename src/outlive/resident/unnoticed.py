"""Standard modules that we need and the program may not have: used without a trace in `sys.modules`.

A program can look at `sys.modules`, and some decide by it ("is asyncio loaded?"). Native modules may be had twice, ours
and the program's: what they know of the process they keep in the interpreter or in C. Modules written in Python may
not (two `threading` would be two truths), so those stay; what we load of them while we begin has no state at all.
"""

from __future__ import annotations

import sys

# a codec, functions, and names for what the compiler and the interpreter have
_STATELESS = ("__future__", "encodings.ascii", "heapq", "types")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def module(name: str) -> ModuleType:
    """The module, loaded for us alone where the program has not loaded it."""
    before = set(sys.modules)
    found: ModuleType = __import__(name)
    forget(before)
    return found


def forget(before: set[str]) -> None:
    """Take native modules out of `sys.modules` that have come since it was `before`; whoever uses them keeps them."""
    for name in set(sys.modules) - before:
        if name.partition(".")[0] != "outlive" and _is_native(sys.modules[name]):
            del sys.modules[name]


def forget_paths(package: ModuleType) -> None:
    """Take the folders of this package out of the import system's cache; it finds them again when it needs them."""
    ours = tuple(package.__path__)
    for path in [path for path in sys.path_importer_cache if path.startswith(ours)]:
        del sys.path_importer_cache[path]


def _is_native(module: ModuleType) -> bool:
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None) or ""
    return origin == "built-in" or origin.endswith(".so") or module.__name__ in _STATELESS
