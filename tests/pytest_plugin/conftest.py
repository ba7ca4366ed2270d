"""A pytest run of its own in a folder of its own, as a user would start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Pytest = Callable[..., "tuple[int, str]"]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """Write test_it.py (and conftest.py, pytest.ini), run pytest on it; exit status and output."""

    def _run(source: str, *options: str, conftest: str = "", ini: str = "") -> tuple[int, str]:
        (tmp_path / "test_it.py").write_text(textwrap.dedent(source), encoding="utf-8")
        (tmp_path / "conftest.py").write_text(textwrap.dedent(conftest), encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n" + textwrap.dedent(ini), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return _run


_BLAME = re.compile(r"^outlive: the (?:test|fixture) (.+?) left .*(?:\n(?: .*)?)*", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """`blame`: the text by the name of the test or fixture; each name can only be blamed once."""

    status: int
    output: str
    blame: dict[str, str]


def _run_blaming(folder: Path, source: str, *options: str, cache: bool = False, **files: str) -> Ran:
    """Write test_it.py and `files` (those whose name has no dot are environment variables), run pytest there."""
    variables = {name: text for name, text in files.items() if "." not in name}
    for name, text in {"test_it.py": source, **files}.items():
        if name not in variables:
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rfE", *([] if cache else ["-p", "no:cacheprovider"]), *options],
        cwd=folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    blame: dict[str, str] = {}
    for found in _BLAME.finditer(done.stdout):
        assert found[1] not in blame, f"{found[1]} is blamed twice\n{done.stdout}"
        blame[found[1]] = found[0]
    return Ran(done.returncode, done.stdout, blame)


@pytest.fixture(scope="session")
def run_blaming() -> Callable[..., Ran]:
    """Runs a pytest of its own on a few files, once for many assertions, and reads whom it blames."""
    return _run_blaming
