"""Runs a program under Valgrind, and reads its XML report."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

from specimens.swarm.answer import Answer, Frame, Harm, Lost
from specimens.swarm.building import SOURCE

LOST = ("Leak_DefinitelyLost", "Leak_IndirectlyLost", "Leak_PossiblyLost")
KINDS = {"InvalidFree": "double free"}
OVERFLOW = "Stack overflow in thread"
DIRECT = re.compile(r"\(([\d,]+) direct")
OPTIONS = ("--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--num-callers=40", "--xml=yes")
ALLOCATORS = ("malloc", "calloc", "realloc", "free", "strndup")


def missing() -> str:
    return "" if shutil.which("valgrind") else "valgrind is not installed"


def answer(words: Sequence[str], folder: Path, timeout_s: float) -> Answer:
    report = folder / "valgrind.xml"
    command = ["valgrind", *OPTIONS, f"--xml-file={report}", *words]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout_s)
    return read(report, overflowed=OVERFLOW in done.stderr)


def read(report: Path, overflowed: bool = False) -> Answer:
    """A stack overflow is told on stderr only; the XML knows it as a signal."""
    try:
        root = ElementTree.parse(report).getroot()
    except (OSError, ElementTree.ParseError) as error:
        return Answer(failed=f"no report of Valgrind: {error}")
    lost, harm = [], []
    for record in root.iter("error"):
        kind = record.findtext("kind", "")
        if kind in LOST:
            lost.append(_lost(record))
        else:
            harm.append(Harm(KINDS.get(kind, kind), tuple(_every_frame(record))))
    for signal in root.iter("fatal_signal"):
        kind = "recursion" if overflowed else signal.findtext("signame", "")
        harm.append(Harm(kind, tuple(_every_frame(signal))))
    return Answer(tuple(lost), tuple(harm))


def _lost(record: ElementTree.Element) -> Lost:
    """One record. Its bytes include those that hang on it, which have records of their own: only the direct count."""
    direct = DIRECT.search(record.findtext("xwhat/text", ""))
    size = direct.group(1) if direct else record.findtext("xwhat/leakedbytes", "0")
    stack = record.find("stack")
    frames = [] if stack is None else [_frame(frame) for frame in stack]
    while frames and frames[0].function in ALLOCATORS:
        del frames[0]
    return Lost(int(size.replace(",", "")), int(record.findtext("xwhat/leakedblocks", "0")), tuple(frames))


def _every_frame(record: ElementTree.Element) -> Iterator[Frame]:
    """All stacks of it: where it happened, and where the block was freed and made."""
    return map(_frame, record.iter("frame"))


def _frame(frame: ElementTree.Element) -> Frame:
    ours = frame.findtext("dir", "").startswith(str(SOURCE))
    return Frame(frame.findtext("fn", ""), frame.findtext("file", "") if ours else "")
