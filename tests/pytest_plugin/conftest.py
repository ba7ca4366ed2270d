"""A pytest run of its own in a folder of its own, as a user would start it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
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
