"""Programs with one mistake each, compiled here, and run under the guard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from outlive.capture.blocks_preload import block_environment
from outlive.capture.broken import load_broken
from outlive.model.native_end import BrokenUse

PROGRAMS = Path(__file__).parent / "programs"
LIMIT_S = 60
SMALL = 2 << 20


@dataclass(frozen=True)
class Guarded:
    """What a run under the guard came to."""

    code: int
    out: str
    error: str
    broken: tuple[BrokenUse, ...]
    folder: Path

    @property
    def only(self) -> BrokenUse:
        assert len(self.broken) == 1, self.broken
        return self.broken[0]


def compile_program(source: Path, program: Path, *options: str) -> Path:
    compiler = shutil.which("c++" if source.suffix == ".cpp" else "cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    command = [compiler, "-O1", "-g", "-w", "-o", program, source, "-lpthread", *options]
    subprocess.run(command, check=True, timeout=LIMIT_S)
    return program


def run_guarded(command: list[str | Path], folder: Path, **settings: object) -> Guarded:
    folder.mkdir(exist_ok=True)
    chosen = {"guard": "full", "guard_bytes": SMALL, **settings}
    environment = block_environment(os.environ, folder=folder, **chosen)  # type: ignore[arg-type]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S)
    return Guarded(done.returncode, done.stdout, done.stderr, load_broken(folder), folder)


@pytest.fixture(scope="session")
def mistakes(tmp_path_factory):
    return compile_program(PROGRAMS / "mistakes.c", tmp_path_factory.mktemp("guard") / "mistakes")


@pytest.fixture(scope="session")
def kinds_of_delete(tmp_path_factory):
    return compile_program(PROGRAMS / "kinds_of_delete.cpp", tmp_path_factory.mktemp("guard") / "kinds_of_delete")


@pytest.fixture(scope="session")
def lent(tmp_path_factory):
    """The folder of an extension module for this Python."""
    folder = tmp_path_factory.mktemp("lent")
    options = ("-shared", "-fPIC", f"-I{sysconfig.get_path('include')}")
    compile_program(PROGRAMS / "lent.c", folder / "lent.so", *options)
    return folder


@pytest.fixture
def guarded(mistakes, tmp_path):
    """`guarded("double_free")`: the program that makes this mistake, under the guard."""

    def run(*names: str, **settings: object) -> Guarded:
        return run_guarded([mistakes, *names], tmp_path / "-".join(names), **settings)

    return run


@pytest.fixture
def deleting(kinds_of_delete, tmp_path):
    """`deleting("new_free")`: the C++ program that does this."""

    def run(name: str, **settings: object) -> Guarded:
        return run_guarded([kinds_of_delete, name], tmp_path / name, **settings)

    return run


@pytest.fixture
def guarded_python(lent, tmp_path):
    def run(source: str, **settings: object) -> Guarded:
        begin = f"import sys; sys.path.insert(0, {str(lent)!r}); import lent\n"
        command = [sys.executable, "-c", begin + source]
        return run_guarded(command, tmp_path / "python", guard_bytes=64 << 20, **settings)

    return run
