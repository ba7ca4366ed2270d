"""Finding and loading a scenario: a file with `step`, or a function of a module. Runs in the child.

Knows how a step wants to be called; runs none. `inspect` would know too, but weighs more than all of us together.
"""

from __future__ import annotations

import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any

_VARARGS, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x04, 0x20, 0x80, 0x200
_DEEPEST_WRAPPING = 50


class NotLoaded(Exception):
    """The scenario cannot be run as it stands; `str()` says why."""


class Scenario:
    """What to run. `step` takes the index; any of the three may be async."""

    __slots__ = ("module", "setup", "step", "teardown")

    def __init__(
        self,
        module: ModuleType | None,
        step: Callable[[int], Any],
        setup: Callable[[], Any] | None = None,
        teardown: Callable[[], Any] | None = None,
    ) -> None:
        self.module = module
        self.step = step
        self.setup = setup
        self.teardown = teardown

    @property
    def is_async(self) -> bool:
        return any(part is not None and is_coroutine_function(part) for part in (self.setup, self.step, self.teardown))


def load(target: str) -> Scenario:
    """Load a file's path, `file.py:function` or `package.module:function`.

    Raises NotLoaded, or whatever the scenario's own code raises.
    """
    path, name = file_and_function(target)
    if path:
        module = _module_of_file(os.path.abspath(path))
    else:
        module, name = _module_of_name(target)
    step = _look_up(module, name, target)
    return Scenario(
        module,
        _taking_an_index(step, name),
        _optional(module, "setup"),
        _optional(module, "teardown"),
    )


def file_and_function(target: str) -> tuple[str, str]:
    """The file of a scenario and its function, "step" where none is named; ("", "") for a module's function."""
    path, _, function = target.rpartition(":")
    if os.path.isfile(target):
        return target, "step"
    return (path, function) if function.isidentifier() and os.path.isfile(path) else ("", "")


def modules_beside(module: ModuleType | None) -> list[str]:
    """The names of loaded modules that lie where `module` lies, itself among them: the scenario's own code.

    For a module of a package that is the whole package. What pip installed there is not the scenario's.
    """
    if module is None:
        return []
    name = module.__name__
    depth = name.count(".")
    folder = os.path.dirname(os.path.abspath(getattr(module, "__file__", None) or "x"))
    for _ in range(depth):
        folder = os.path.dirname(folder)
    found = [name]
    for other_name, other in list(sys.modules.items()):
        path = getattr(other, "__file__", None)
        if isinstance(path, str) and path.startswith(folder + os.sep) and "site-packages" not in path[len(folder) :]:
            found.append(other_name)
    return sorted(set(found))


def _module_of_file(path: str) -> ModuleType:
    """Run the file as a module named by its stem, its folder first on the path; writes no bytecode beside it."""
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    folder, file = os.path.split(path)
    name = os.path.splitext(file)[0]
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"scenario_{name}"  # a scenario called json.py must not become everybody's json
    sys.path.insert(0, folder)
    loader = SourceFileLoader(name, path)
    spec = spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise NotLoaded(f"{file} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    exec(loader.source_to_code(loader.get_data(path), path), module.__dict__)
    return module


def _module_of_name(target: str) -> tuple[ModuleType, str]:
    module_name, _, function = target.partition(":")
    if not module_name or not function:
        raise NotLoaded(f"{target!r} is neither a file nor module:function")
    sys.path.insert(0, os.getcwd())
    return importlib.import_module(module_name), function


def _look_up(module: ModuleType, name: str, target: str) -> Callable[..., Any]:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise NotLoaded(f"{target} has no {name}(): a scenario defines step(i), plain or async")
    if not callable(found):
        raise NotLoaded(f"{name} of {target} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def _optional(module: ModuleType, name: str) -> Callable[[], Any] | None:
    """`setup` or `teardown`, where the module defines it itself; one that wants arguments is somebody else's."""
    found = module.__dict__.get(name)
    if not callable(found) or getattr(found, "__module__", module.__name__) != module.__name__:
        return None
    return found if _required(found) == 0 else None


def _taking_an_index(step: Callable[..., Any], name: str) -> Callable[[int], Any]:
    """The step as something that takes an index, whether or not it wants one."""
    code = code_of(step)
    if code is None:
        return step
    if code.co_flags & (_GENERATOR | _ASYNC_GENERATOR):
        raise NotLoaded(f"{name}() is a generator: calling it would run nothing of it")
    required = _required(step)
    if required > 1:
        raise NotLoaded(f"{name}() wants {required} arguments: a step takes its index, or nothing")
    if required == 1 or code.co_flags & _VARARGS or "i" in code.co_varnames[: code.co_argcount]:
        return step
    if is_coroutine_function(step):

        async def async_without_index(i: int) -> Any:
            return await step()

        return async_without_index
    return lambda i: step()


def is_coroutine_function(function: Any) -> bool:
    """Whether calling it makes a coroutine, as its own code says; a wrapped one is known by its result instead."""
    code = getattr(_innermost(function, unwrap=False)[0], "__code__", None)
    return code is not None and bool(code.co_flags & _COROUTINE)


def code_of(function: Any) -> CodeType | None:
    """The code that a call ends in, through methods, partials and wrappers; None for what C defines."""
    return getattr(_innermost(function)[0], "__code__", None)


def _required(function: Any) -> int:
    """Positional arguments that a caller must give."""
    plain, given = _innermost(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return 0
    required: int = code.co_argcount - len(plain.__defaults__ or ()) - given
    return max(required, 0)


def _innermost(function: Any, unwrap: bool = True) -> tuple[Any, int]:
    """The function that a call ends in, and how many of its arguments are given on the way."""
    given = 0
    for _ in range(_DEEPEST_WRAPPING):
        if unwrap and hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__func__"):
            function, given = function.__func__, given + 1
        elif hasattr(function, "func") and hasattr(function, "keywords"):
            given += len(function.args) + len(function.keywords)
            function = function.func
        elif not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
            function, given = type(function).__call__, given + 1  # an instance that can be called
        else:
            break
    return function, given
