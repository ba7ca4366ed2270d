"""When the last pointer went: while the program ran, at its end, or only in tests.

What a look found lost while the program worked was lost while it worked. What that look still saw held, and the look at
the end sees lost, went at the end, or in the time between the two looks, which is told. What was made after the last
look while it worked can be either: then the category is a guess, and it is said that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from outlive.explain.native.grouping import Group
from outlive.explain.native.looked import Process, is_lost
from outlive.model.explanation import NativeFrame
from outlive.model.leftovers import Category
from outlive.model.native_blocks import BlockClass, PythonLine

_TEST_FILE = re.compile(r"^(?:test_.*|.*_test|.*_tests|tests?)\.\w+$", re.IGNORECASE)
_TEST_FUNCTION = re.compile(r"^(?:test_\w+|\w+_test|(?:\w+::)*\w+::TestBody\(\))$")


@dataclass(frozen=True)
class When:
    category: Category
    known: bool
    evidence: str = ""


def when(groups: Sequence[Group], process: Process) -> When:
    """Of groups that are one mistake."""
    told = _by_looks(groups, process)
    if any(is_of_a_test(group.asked.frames, lines_of(group)) for group in groups):
        return When(Category.TEST, True, told.evidence)
    return told


def lines_of(group: Group) -> tuple[PythonLine, ...]:
    return (group.asked.line,) if group.asked.line is not None else ()


def is_of_a_test(frames: Sequence[NativeFrame], lines: Sequence[PythonLine] = ()) -> bool:
    """Where debug information names the file, that decides; else the function's name."""
    return any(_tests(one) for one in frames) or any(_test_file(one.file) for one in lines)


def _tests(frame: NativeFrame) -> bool:
    if frame.file:
        return _test_file(frame.file) or "::TestBody" in frame.function
    return bool(_TEST_FUNCTION.match(frame.function))


def _test_file(file: str) -> bool:
    path = PurePath(file)
    return bool(_TEST_FILE.match(path.name)) or any(part in ("test", "tests") for part in path.parts[:-1][-3:])


def _by_looks(groups: Sequence[Group], process: Process) -> When:
    earlier, count = process.before, sum(len(group.heads) for group in groups)
    if not process.ended:
        return When(Category.RUNTIME, True, _seen_lost(count, count, process))
    if earlier is None:
        return When(Category.RUNTIME, False, "nothing was looked at before its end: it is not known when they went")
    before = np.concatenate([group.before for group in groups if group.before is not None])
    lost = int(is_lost(before).sum())
    held = int((before > BlockClass.LOST_UNDER).sum())
    if lost:
        return When(Category.RUNTIME, True, _seen_lost(lost, count, process))
    if held:
        all_held = "all" if held == count else f"{held:,} of {count:,}"
        words = f"{all_held} were still held {_seconds(earlier.at)} after its start, and lost when it ended at"
        return When(Category.SHUTDOWN, True, f"{words} {_seconds(process.final.at)}")
    words = f"all were made after the last look while it worked, {_seconds(earlier.at)} after its start"
    return When(Category.RUNTIME, False, f"{words}: whether they went before its end is not known")


def _seen_lost(lost: int, count: int, process: Process) -> str:
    at = process.before.at if process.before is not None else process.final.at
    return f"{lost:,} of {count:,} were lost already {_seconds(at)} after its start, while it worked"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:,.0f} s"
