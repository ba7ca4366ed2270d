"""The program's own script: its classes are there only once it runs, and nothing imports it.

`python app.py` runs app.py as `__main__`; a contract may say either name. Theory of operation, from 3.12 on: an audit
hook sees the script's code object before its first line runs. In it stand the code objects of its functions, the very
ones that the functions will have; so a shadow of the module, with functions made of them, can be given to whoever wants
to watch one. The hook looks at one event and is deaf afterwards; Python has no way to take it off, so it is put on only
when a contract names the script. Before 3.12 the script is watched from the first `catch_up` on.
"""

from __future__ import annotations

import os
import sys
from types import CellType, CodeType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Told = Callable[[Any], None]

_MOST_NAMES = 10_000


class Shadow:
    """What a module's or a class's code will define: functions under their names, and shadows of its classes."""

    def __init__(self, code: CodeType) -> None:
        for inner in code.co_consts[:_MOST_NAMES]:
            if type(inner) is CodeType and inner.co_name.isidentifier():
                is_function = bool(inner.co_flags & 0x1)  # optimised: it has fast locals
                self.__dict__.setdefault(inner.co_name, _function(inner) if is_function else Shadow(inner))


class _Script:
    """Which script, who waits for what of it, and whether the hook is on."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Told]] = []
        self.listens = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook."""
        if event != "exec" or not self.waiting:
            return
        try:
            code = arguments[0]
            if type(code) is CodeType and code.co_name == "<module>" and is_the_script(code.co_filename):
                self.tell(Shadow(code))
        except Exception:
            pass

    def tell(self, space: Any) -> None:
        """Give the space to all who wait for something that is in it."""
        for path, told in list(self.waiting):
            if path.partition(".")[0] in space.__dict__:
                self.waiting.remove((path, told))
                told(space)


_SCRIPT = _Script()


def when_run(path: str, told: Told) -> None:
    """Call `told` with a space that has the first name of `path`, once the script runs, or now if it has run."""
    _SCRIPT.waiting.append((path, told))
    catch_up()
    if _SCRIPT.waiting and sys.version_info >= (3, 12) and not _SCRIPT.listens:
        _SCRIPT.listens = True
        sys.addaudithook(_SCRIPT.hear)


def catch_up() -> None:
    """Look whether what is waited for is there by now."""
    module = sys.modules.get("__main__")
    if module is not None and _SCRIPT.waiting:
        _SCRIPT.tell(module)


def missing() -> list[str]:
    """The places that have not come."""
    return [path for path, _ in _SCRIPT.waiting]


def name() -> str:
    """By what name other modules would import the script; "" where there is none."""
    kind, word = _given()
    return word if kind == "-m" else os.path.basename(word)[:-3] if word.endswith(".py") else ""


def is_the_script(file: str) -> bool:
    kind, word = _given()
    if kind != "-m":
        return bool(word) and os.path.abspath(file) == os.path.abspath(word)
    below = word.replace(".", os.sep)
    return file.endswith((os.sep + below + ".py", os.sep + os.path.join(below, "__main__.py")))


def _given() -> tuple[str, str]:
    """("-m", module) or ("", the script's path) of the command line as it was given."""
    words = list(getattr(sys, "orig_argv", ()))[1:]
    while words:
        word = words.pop(0)
        if word == "-m":
            return "-m", words[0] if words else ""
        if word == "-c":
            return "", ""
        if not word.startswith("-"):
            return "", word
        if word in ("-X", "-W"):
            words = words[1:]
    return "", ""


def _function(code: CodeType) -> Any:
    """A function with that very code; it is asked for its code and never called."""
    return FunctionType(code, {}, code.co_name, None, tuple(CellType() for _ in code.co_freevars))
