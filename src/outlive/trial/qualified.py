"""Whole names of functions on 3.10, whose code knows its last name only: "write" is told as "OProc.write".

The functions that live are asked once, after the watching; a line that lies in the code of exactly one name is told by
that. From 3.11 on code knows its whole name, and nothing is done.
"""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType
    from typing import Any

_FUNCTION = type(lambda: None)
_CODE_KNOWS_ALL = hasattr((lambda: None).__code__, "co_qualname")  # 3.11


def qualify(lines: Iterable[list[Any]]) -> None:
    """Put the whole name in the place of the last in each [file, line, function]."""
    rows = [row for row in lines if "." not in row[2]]
    if _CODE_KNOWS_ALL or not rows:
        return
    wanted = {(row[0], row[2]) for row in rows}
    known: dict[tuple[str, str], list[tuple[CodeType, str]]] = {}
    for function in gc.get_objects():
        if type(function) is _FUNCTION:
            code = function.__code__
            if (code.co_filename, code.co_name) in wanted:
                known.setdefault((code.co_filename, code.co_name), []).append((code, function.__qualname__))
    for row in rows:
        names = {name for code, name in known.get((row[0], row[2]), ()) if _holds(code, row[1])}
        if len(names) == 1:
            row[2] = names.pop()


def _holds(code: CodeType, line: int) -> bool:
    return any(number == line for _, _, number in code.co_lines())
