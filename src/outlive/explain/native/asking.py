"""Who wanted a block: the first function out from the allocator that is not there to hand memory on.

Three kinds of frames are passed over. Allocators' own, by name. The C and C++ library's, by module, and what C++'s and
Rust's standard libraries put into the program itself, by name: they do what their caller asks. And the program's own
wrappers of malloc (`wrappers`). All of them stay in the stack that is shown. What has no name, in a file without
symbols, is nobody that could be named: of it only the module is told.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePath

from outlive.explain.native.whose import is_c_library, is_interpreter
from outlive.explain.native.wrappers import has_wrappers_name
from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import PythonLine
from outlive.symbols.allocators import is_allocator

_STANDARD = re.compile(r"^(?:void |bool |<)?(?:std|__gnu_cxx|__cxxabiv1|alloc|core|hashbrown|__1)::|^_ZN?K?S[tabsio]")
_FROM_START = re.compile(r"^(?:_start|__libc_start\w*|clone3?|__clone\w*|start_thread|_dl_start\w*)$")


@dataclass(frozen=True)
class Asked:
    """`by` wanted the block and was called by `caller`; either is None where it has no name.

    `module` is where `by` lies, or would. `line` is the Python line that wanted it, where no other code did.
    """

    frames: tuple[NativeFrame, ...]
    by: NativeFrame | None
    caller: NativeFrame | None
    module: str
    line: PythonLine | None = None

    @property
    def what(self) -> str:
        """A name for what was made."""
        if self.line is not None:
            return f"{self.line.function} ({PurePath(self.line.file).name}:{self.line.line})"
        if self.by is not None:
            return self.by.function
        return self._place if self.module else "an unknown function"

    @property
    def key(self) -> tuple[str, str, str]:
        """Functions only, where there are names: the same over runs and edits."""
        line = f"{PurePath(self.line.file).name}:{self.line.function}" if self.line is not None else ""
        by = line or (self.by.function if self.by is not None else self._place)
        return PurePath(self.module).name, by, self.caller.function if self.caller is not None else ""

    @property
    def _place(self) -> str:
        at = next((one.address for one in self.frames if one.module == self.module), 0)
        return f"{PurePath(self.module).name}+{at:#x}" if self.module else ""


def asked(
    frames: tuple[NativeFrame, ...], lines: tuple[PythonLine, ...] = (), wrappers: Set[tuple[str, str]] = frozenset()
) -> Asked:
    """Who asked, of a stack with names, innermost first."""
    shown = without_start(frames)
    outside = [one for one in shown if not _hands_on(one, wrappers)]
    first = outside[0] if outside else None
    if lines and (first is None or is_interpreter(first.module)):
        inner = tuple(takewhile(lambda one: not is_interpreter(one.module), shown))
        return Asked(inner, None, None, first.module if first is not None else "", lines[0])
    if first is None:
        return Asked(shown, None, None, shown[0].module if shown else "")
    # Who called a library that has no names is not who wanted the block.
    within = list(takewhile(lambda one: one.module == first.module, outside))
    by = next((one for one in within if _is_named(one)), None)
    further = outside[outside.index(by) + 1 :] if by is not None else outside[len(within) :]
    caller = next((one for one in further if _is_named(one) and (by is None or one.function != by.function)), None)
    if caller is not None and is_interpreter(caller.module):
        caller = None  # the Python line says more
    return Asked(shown, by, caller, first.module)


def without_start(frames: tuple[NativeFrame, ...]) -> tuple[NativeFrame, ...]:
    """Without allocators and standard containers at the inner end, and what starts programs and threads at the outer
    one; never nothing."""
    first = 0
    while first < len(frames) and _is_inside(frames[first]):
        first += 1
    outer = (at for at, one in enumerate(frames) if at >= first and _FROM_START.match(one.function))
    return frames[first : next(outer, len(frames))] or frames


def _is_inside(frame: NativeFrame) -> bool:
    """Whether it is of no interest even in the stack; a wrapper of the program's own is."""
    own = has_wrappers_name(frame.function) and not is_c_library(frame.module)
    return (is_allocator(frame.function) and not own) or bool(_STANDARD.match(frame.function))


def _hands_on(frame: NativeFrame, wrappers: Set[tuple[str, str]]) -> bool:
    return (
        is_allocator(frame.function)
        or (is_c_library(frame.module) and frame.function != "main")
        or bool(_STANDARD.match(frame.function))
        or (frame.module, frame.function) in wrappers
    )


def _is_named(frame: NativeFrame) -> bool:
    return bool(frame.function) and frame.certain
