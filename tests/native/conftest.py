"""Programs that the recorder is loaded into: C that is compiled here, and Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.capture.blocks_preload import block_environment

PROGRAMS = Path(__file__).parent / "programs"
LIMIT_S = 60


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """`compiled("classes.c")` is the program; without a compiler the test is skipped."""
    folder = tmp_path_factory.mktemp("compiled")

    def compile_once(name: str, *options: str) -> Path:
        source = PROGRAMS / name
        compiler = shutil.which("c++" if source.suffix == ".cpp" else "cc")
        if compiler is None:
            pytest.skip("no C compiler here")
        program = folder / (source.stem + ("" if "-shared" not in options else ".so"))
        if not program.exists():
            subprocess.run(
                [compiler, "-O1", "-g", "-o", program, source, "-ldl", "-lpthread", *options],
                check=True,
                timeout=LIMIT_S,
            )
        return program

    return compile_once


def run_recorded(command: list[str | Path], **settings: object) -> subprocess.CompletedProcess[str]:
    environment = block_environment(os.environ, **settings)  # type: ignore[arg-type]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S)


def run_python(source: str, *arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    program = (PROGRAMS / "looks.py").read_text() + source
    done = run_recorded([sys.executable, "-c", program, *map(str, arguments)], **settings)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def recorded():
    return run_recorded


@pytest.fixture(scope="session")
def recorded_python():
    return run_python
