"""Who asked for native blocks, as a person would say it: the function that took them, the line of Python that called.

Blocks of one function and one line are one mistake, called by one function; a helper that takes memory for others has
many callers, and each may have its own mistake. What only hands memory on (the
interpreter's ways of taking it, the C and C++ libraries', the calling of C from Python) is nobody's mistake and is
left out; where nothing else is left, the line alone is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

from outlive.capture.blocks import BlockLook
from outlive.explain.context import Context
from outlive.explain.native.whose import is_c_library
from outlive.explain.owner import owner_of_site, site_to_tell
from outlive.explain.packages import UNKNOWN, owner_of_file
from outlive.model.explanation import NativeFrame, Owner, OwnerKind, Site
from outlive.symbols.allocators import is_allocator

Resolve = Callable[[str, int, str], Iterable[NativeFrame]]
"""From a module's path, an address as its file counts them, and its build id, what stands there, innermost first."""

# Files of the interpreter's, and of what carries calls from Python into C.
_CALLS = ("libpython", "python", "libffi", "_ctypes.", "_cffi_backend.")
_STEPS_OF_OURS = ("/outlive/trial/stepping.py",)
_OURS = "/outlive/trial/"
_MOST_FRAMES = 8


@dataclass(frozen=True)
class Origin:
    """`frames` are native, innermost first, up to the interpreter. `function` is the frame that took it, if anybody's.

    `site` is None where no Python ran. `ours`: Outlive itself asked.
    """

    frames: tuple[NativeFrame, ...]
    function: NativeFrame | None
    site: Site | None
    ours: bool = False

    @property
    def mistake(self) -> tuple[str, ...]:
        """Equal for blocks of one mistake: the function, the line, and who called the function that has this line."""
        made = (self.function.module, _name(self.function)) if self.function is not None else ("", "")
        if self.site is None:
            return made
        caller = self.site.callers[0] if self.site.callers else None
        return (
            *made,
            self.site.file,
            str(self.site.line),
            *((caller.file, caller.function) if caller is not None else ()),
        )

    @property
    def file_name(self) -> str:
        """Of the library or program whose function it is; "" where that is not known."""
        return PurePath(self.function.module).name if self.function is not None else ""


class Origins:
    """The origins of one look's blocks, by the numbers of stack and line."""

    def __init__(self, look: BlockLook, resolve: Resolve) -> None:
        self._look = look
        self._resolve = resolve
        self._python = look.module_at(look.facts["python_code"])
        self.of = lru_cache(maxsize=None)(self._of)

    def _of(self, stack: int, line: int) -> Origin:
        frames = self._frames(stack)
        python = self._python.path if self._python else ""
        mine = [at for at, one in enumerate(frames) if _is_somebodys(one, python)]
        site, ours = self._site(line)
        outer = mine[-1] + 1 if mine else len(frames)  # beyond it the interpreter runs the line
        return Origin(frames[: min(outer, _MOST_FRAMES)], frames[mine[0]] if mine else None, site, ours)

    def _frames(self, stack: int) -> tuple[NativeFrame, ...]:
        """As far as the interpreter's loop that runs the innermost line."""
        found: list[NativeFrame] = []
        for seen in self._look.frames(stack):
            if seen.module is None:
                found.append(NativeFrame("", seen.address, "", False))
                continue
            for one in self._resolve(seen.module.path, seen.offset, seen.module.build_id):
                if one.function.startswith(("_PyEval_EvalFrameDefault", "_PyEval_Vector", "PyEval_EvalCode")):
                    return tuple(found)
                found.append(one)
        return tuple(found)

    def _site(self, line: int) -> tuple[Site | None, bool]:
        """The lines as far as ours, which call the steps; whether the innermost is ours."""
        lines = self._look.lines(line)
        theirs = []
        for one in lines:
            if _OURS in one.file:
                break
            theirs.append(Site(one.file, one.line, one.function))
        if not theirs:
            return None, bool(lines) and not lines[0].file.endswith(_STEPS_OF_OURS)
        first, *callers = theirs
        return Site(first.file, first.line, first.function, callers=tuple(callers)), False


def owner_of_origin(origin: Origin, context: Context) -> Owner:
    """Whose native function it was: the innermost that is a library's, or yours."""
    for one in origin.frames:
        owner = owner_of_file(one.module, context.packages)
        if owner.kind in (OwnerKind.LIBRARY, OwnerKind.YOURS):
            return owner
    if origin.function is not None:
        return Owner(OwnerKind.SYSTEM, origin.file_name)
    return UNKNOWN


def owner_of_caller(origin: Origin, context: Context) -> Owner:
    return owner_of_site(origin.site, context)


def told_site(origin: Origin, context: Context) -> Site | None:
    """The line to show, with its callers up to the outermost of yours."""
    return site_to_tell(origin.site, context) or origin.site


def _is_somebodys(frame: NativeFrame, python: str) -> bool:
    if not frame.module or frame.module == python or PurePath(frame.module).name.startswith(_CALLS):
        return False
    return not is_allocator(frame.function) and not is_c_library(frame.module)


def _name(frame: NativeFrame) -> str:
    return frame.function if frame.certain else f"{frame.function}+{frame.address:#x}"
