"""A call in native and Python code as lines of text, innermost first. Lays out; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from outlive.model.explanation import NativeFrame
from outlive.model.native_end import NativeCall
from outlive.reports.printable import printable
from outlive.reports.style import Style

_SHOWN_FRAMES = 8
_SHOWN_LINES = 4
_WIDTH = 12


def call_lines(role: str, call: NativeCall, style: Style) -> list[str]:
    """Under the word for its role."""
    words = [frame_words(one) for one in call.frames[:_SHOWN_FRAMES]]
    if len(call.frames) > _SHOWN_FRAMES:
        words.append(f"… {len(call.frames) - _SHOWN_FRAMES} more")
    words += [f"in Python: {_python(call, at)}" for at in range(min(len(call.lines), _SHOWN_LINES))]
    first, *rest = words or ["not known"]
    return [f"{style.quiet(role.ljust(_WIDTH - 2))}  {first}", *(f"{'':{_WIDTH}}< {one}" for one in rest)]


def frame_words(frame: NativeFrame) -> str:
    """ "decode_piece (wire.c:120)", or as much of it as is known."""
    file = PurePath(frame.module).name
    if not frame.function:
        return printable(f"{file or '?'}+{frame.address:#x}")
    if not frame.certain:
        return printable(f"{file}+{frame.address:#x} (no name; behind {frame.function})")
    name = frame.function
    where = f"{PurePath(frame.file).name}:{frame.line}" if frame.file else f"{file}+{frame.address:#x}"
    return printable(f"{name} ({where}){' inlined' if frame.inlined else ''}")


def chain(frames: Sequence[NativeFrame]) -> str:
    """The same on one line."""
    return " < ".join(frame_words(one) for one in frames)


def _python(call: NativeCall, at: int) -> str:
    line = call.lines[at]
    return printable(f"{line.file}:{line.line} in {line.function}")
