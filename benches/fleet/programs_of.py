"""The programs of the fleet, as the first lines of each say: what it needs, what its faulty twin leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("programs")


@dataclass(frozen=True)
class Program:
    """`needs` are modules to import; `leaves` is a pattern that one leftover of the faulty twin must fit."""

    name: str
    file: Path
    needs: tuple[str, ...]
    leaves: str

    def command(self, python: str, *, faulty: bool) -> list[str]:
        return [python, str(self.file), *(["faulty"] if faulty else [])]


def programs() -> list[Program]:
    return [_read(file) for file in sorted(_FOLDER.glob("*.py"))]


def _read(file: Path) -> Program:
    said = dict(re.findall(r"^# (needs|faulty):[ \t]*(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE))
    needs = tuple(word.strip() for word in said["needs"].split(",") if word.strip())
    return Program(file.stem, file, needs, said["faulty"])
