"""Programs in C that are checked as commands: compiled here, once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from outlive.cli.check_cmd import header_folder
from outlive.command.check import check_command
from outlive.command.settings import CommandSettings
from outlive.model.verdict import CheckResult

PROGRAMS = Path(__file__).parent / "programs"
LIMIT_S = 60


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """`built("steps.c")` is the program; without a compiler the test is skipped."""
    folder = tmp_path_factory.mktemp("commands")

    def build(name: str, *options: str, language: str = "c") -> Path:
        compiler = shutil.which({"c": "cc", "c++": "c++"}[language])
        if compiler is None:
            pytest.skip(f"no compiler of {language} here")
        program = folder / "-".join([Path(name).stem, language.replace("+", "x"), *(one.strip("-") for one in options)])
        if not program.exists():
            source = PROGRAMS / name
            command = [compiler, "-O1", "-g", "-Wall", "-Werror", f"-I{header_folder()}", "-x", language, source]
            subprocess.run([*command, "-o", program, "-lpthread", *options], check=True, timeout=LIMIT_S)
        return program

    return build


@pytest.fixture(scope="session")
def check():
    """`check("./prog {i}", steps=5)`: the result."""

    def checked(command: str, **settings: object) -> CheckResult:
        return check_command(command, CommandSettings(**settings))  # type: ignore[arg-type]

    return checked


@pytest.fixture(scope="session")
def steps(built, check):
    """`steps("lk", 300)`: the program that marks its steps does so many, of these letters."""
    known: dict[tuple[object, ...], CheckResult] = {}

    def run(letters: str, count: int = 300, **settings: object) -> CheckResult:
        key = letters, count, *sorted(settings.items())
        if key not in known:
            known[key] = check(f"{built('steps.c')} {{n}} {letters}", **{"steps": count, **settings})
        return known[key]

    return run


@pytest.fixture(scope="session")
def runs(built, check):
    """`runs("l")`: the program that is one step, run four times."""
    known: dict[tuple[object, ...], CheckResult] = {}

    def run(letters: str, **settings: object) -> CheckResult:
        key = letters, *sorted(settings.items())
        if key not in known:
            known[key] = check(f"{built('runs.c')} {{i}} {letters}", **{"steps": 4, **settings})
        return known[key]

    return run
