"""Where a thread stands, in words: its Python frames, the C function it runs, and whether that one only waits.

Strings and numbers only; nothing of the program is kept. A stack ends where Outlive's own frames begin, which is where
the step was called; where the innermost frame is Outlive's there is nothing to say: what happens there is our doing.
"""

from __future__ import annotations

import os
from opcode import opmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

_MOST_FRAMES = 8
_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
# How people write what lives in these modules.
_PUBLIC = {"posix": "os.", "_io": "", "io": "", "builtins": "", "_socket": "socket.", "_thread": "threading."}
# Functions that can only wait for others and open nothing, by the module that defines them. While a thread is in one,
# what others open is first seen when it returns.
_WAITING = {
    "_thread": ("acquire", "__enter__", "acquire_lock", "_acquire_restore", "join"),
    "time": ("sleep",),
    "select": ("select", "poll"),
    "_queue": ("get",),
    "posix": ("waitpid", "wait", "wait3", "wait4", "waitid", "read", "write"),
    "_socket": ("recv", "recv_into", "send", "sendall"),
    "signal": ("pause", "sigwait", "sigtimedwait"),
    "_signal": ("pause", "sigwait", "sigtimedwait"),
}
_PLAIN = frozenset((str, bytes, bytearray, int, float, complex, bool, list, tuple, dict, set, frozenset))
_OPEN_NOTHING = frozenset(
    (abs, all, any, callable, chr, divmod, format, getattr, hasattr, hash, id, isinstance, issubclass, iter, len, max,
     min, next, ord, pow, repr, round, setattr, sorted, sum)
)  # fmt: skip
_CALLS = frozenset(
    number
    for name, number in opmap.items()
    if name.startswith(("CALL", "PRECALL", "BEFORE_", "SETUP_WITH", "SETUP_ASYNC", "IMPORT", "LOAD_SPECIAL"))
)


def frames_of(innermost: FrameType, line: int) -> list[list[Any]]:
    """Up to eight frames, innermost first, each [file, line, function], as far as Outlive's own that called them."""
    found: list[list[Any]] = []
    frame: FrameType | None = innermost
    while frame is not None and len(found) < _MOST_FRAMES:
        code = frame.f_code
        if code.co_filename.startswith(_OURS):
            break
        name = getattr(code, "co_qualname", code.co_name)  # 3.11
        found.append([code.co_filename, line if frame is innermost else frame.f_lineno, name])
        frame = frame.f_back
    return found


def c_function(function: Any) -> str:
    """ "os.pipe", "socket.dup", "open": the name that a person would look for."""
    module = module_of(function)
    name = getattr(function, "__qualname__", "") or getattr(function, "__name__", "")
    return f"{_PUBLIC.get(module, f'{module}.' if module else '')}{name}"


def is_ours(file: str) -> bool:
    """Whether the file is Outlive's own."""
    return file.startswith(_OURS)


def waits(function: Any) -> bool:
    """Whether this C function only waits; None does not."""
    return getattr(function, "__name__", "") in _WAITING.get(module_of(function), ())


def opens_nothing(function: Any) -> bool:
    """Whether this C function opens nothing itself; Python code that it calls is seen where it runs."""
    return type(getattr(function, "__self__", None)) in _PLAIN or function in _OPEN_NOTHING


def can_call(code: CodeType) -> bool:
    """Whether any instruction of this code calls something; code that only reckons opens nothing."""
    return not _CALLS.isdisjoint(code.co_code[::2])


def module_of(function: Any) -> str:
    """Of a method, the module of its type."""
    module = getattr(function, "__module__", None)
    if isinstance(module, str):
        return module
    return str(getattr(type(getattr(function, "__self__", None)), "__module__", ""))
